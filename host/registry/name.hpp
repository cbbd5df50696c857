// host/registry/name.hpp - what may be a name, and the number that stands for it in a table.
//
// Owns: nothing. Thread: any. Errors: INVALID.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "host/error/error.hpp"

namespace host::registry {

// 1 to BP_NAME_BYTES_MAX bytes of [A-Za-z0-9._-].
[[nodiscard]] bool is_name(std::string_view name) noexcept;

// The same, with an error; `what` says whose name, "a channel's name".
[[nodiscard]] error::Result<void> check_name(std::string_view what, std::string_view name);

// A name as it is; of anything else the beginning, with bytes that are no name's as \xNN: a message
// must not carry them on.
[[nodiscard]] std::string printable(std::string_view name);

namespace word {

[[nodiscard]] inline std::uint64_t of_8(const char* bytes) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

[[nodiscard]] inline std::uint64_t of_4(const char* bytes) noexcept {
  std::uint32_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// Both halves of the product: each bit of the answer depends on all bits.
[[nodiscard]] inline std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

}  // namespace word

// Folded multiplication, 16 bytes a step, after Wang Yi's wyhash. Who does not know the seed cannot
// choose names that meet in one place.
[[nodiscard]] inline std::uint64_t hash_of(std::string_view name, std::uint64_t seed) noexcept {
  constexpr std::uint64_t mixer = 0xe703'7ed1'a0b4'28db;
  const char* bytes = name.data();
  std::size_t left = name.size();
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  if (left > 16) {
    for (; left > 16; left -= 16, bytes += 16) {
      seed = word::fold(word::of_8(bytes) ^ mixer, word::of_8(bytes + 8) ^ seed);
    }
    a = word::of_8(bytes + left - 16);  // overlaps what was read already
    b = word::of_8(bytes + left - 8);
  } else if (left >= 8) {
    a = word::of_8(bytes);
    b = word::of_8(bytes + left - 8);
  } else if (left >= 4) {
    a = word::of_4(bytes);
    b = word::of_4(bytes + left - 4);
  } else {
    for (std::size_t i = 0; i < left; ++i) {
      a = a << 8U | static_cast<unsigned char>(bytes[i]);
    }
  }
  return word::fold(name.size() ^ mixer, word::fold(a ^ mixer, b ^ seed));
}

// Of two names of `size` bytes. Inline, because a call to memcmp costs as much as the rest.
[[nodiscard]] inline bool same_bytes(const char* a, const char* b, std::size_t size) noexcept {
  if (size < 8) {
    return std::memcmp(a, b, size) == 0;
  }
  std::uint64_t differs = 0;
  for (std::size_t i = 0; i + 8 < size; i += 8) {
    differs |= word::of_8(a + i) ^ word::of_8(b + i);
  }
  return (differs | (word::of_8(a + size - 8) ^ word::of_8(b + size - 8))) == 0;
}

}  // namespace host::registry
