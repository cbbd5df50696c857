// host/registry/nearest.hpp - "did you mean": the name closest to a mistyped one.
//
// Owns: nothing. Thread: any. Errors: an empty answer when nothing is close.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace host::registry {

[[nodiscard]] std::string nearest(std::string_view wanted, const std::vector<std::string>& names);

// "; did you mean 'x'?" or "".
[[nodiscard]] std::string hint(std::string_view wanted, const std::vector<std::string>& names);

}  // namespace host::registry
