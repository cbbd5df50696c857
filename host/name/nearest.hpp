// host/name/nearest.hpp - "did you mean": the known name closest to a mistyped one.
//
// Owns: nothing. Thread: any. Errors: an empty answer when nothing is close.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace host::name {

// Longer names are not compared: the distance costs length times length.
inline constexpr std::size_t nearest_bytes_max = 128;

// How many letters must be inserted, removed, replaced or swapped with their neighbour.
[[nodiscard]] std::size_t edit_distance(std::string_view left, std::string_view right);

// The closest of `names` when it is close enough to be meant, otherwise empty.
[[nodiscard]] std::string nearest(std::string_view wanted, std::span<const std::string> names);

// "; did you mean 'x'?" or "".
[[nodiscard]] std::string hint(std::string_view wanted, std::span<const std::string> names);

}  // namespace host::name
