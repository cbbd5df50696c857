// host/manifest/suggest.hpp - "did you mean": the known word closest to a mistyped one.
//
// Owns: nothing. Thread: any. Errors: none.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace host::manifest {

// Longer words are not compared: the distance costs length times length.
inline constexpr std::size_t suggest_bytes_max = 64;

// How many letters must be inserted, removed, replaced or swapped with their neighbour.
[[nodiscard]] std::size_t edit_distance(std::string_view left, std::string_view right);

// The closest candidate when it is close enough to be meant, otherwise empty.
[[nodiscard]] std::string closest(std::string_view word, std::span<const std::string> candidates);

// `; did you mean "plugins"?`, or `; known: "a", "b"`, or nothing when there are no candidates.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       std::span<const std::string> candidates);

}  // namespace host::manifest
