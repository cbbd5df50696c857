// host/manifest/suggest.hpp - "did you mean": the known word closest to a mistyped one.
//
// Owns: nothing. Thread: any. Errors: none.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace host::manifest {

// `; did you mean "plugins"?`, or `; known: "a", "b"`, or nothing when there are no candidates.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       std::span<const std::string> candidates);

}  // namespace host::manifest
