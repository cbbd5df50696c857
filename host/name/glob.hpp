// host/name/glob.hpp - patterns with * and ? for names of channels, services and files.
//
// Owns: nothing. Thread: any. Errors: none.
#pragma once

#include <string_view>

namespace host::name {

// `*` stands for any run of characters, `?` for one; everything else for itself. No memory, at most
// pattern times text steps.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view text) noexcept;

[[nodiscard]] bool is_glob(std::string_view text) noexcept;

}  // namespace host::name
