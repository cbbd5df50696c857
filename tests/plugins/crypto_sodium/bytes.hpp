// tests/plugins/crypto_sodium/bytes.hpp - bytes as tests write them: hex and text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "secret.hpp"
#include "stored_keyset.hpp"

namespace crypto_sodium::testing {

using Buffer = std::vector<std::uint8_t>;

inline Buffer unhex(std::string_view text) {
  Buffer bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(
        static_cast<std::uint8_t>(std::stoul(std::string(text.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

inline std::string hex(Bytes bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4U];
    text += digits[byte & 0x0FU];
  }
  return text;
}

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string as_text(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

/// A master key whose bytes are first, first + 1, ...
inline Secret counting_key(std::uint8_t first) {
  Buffer bytes(key_bytes);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(first + i);
  }
  return Secret::copy_of(bytes).value();
}

/// One ring with versions 1 to `count`, whose masters are counting keys from `first` on.
inline StoredKeyset stored(const std::string& name, Purpose purpose, std::uint32_t count,
                           std::uint32_t primary, std::uint8_t first = 100) {
  StoredRing ring{name, purpose, primary, 0, {}};
  for (std::uint32_t number = 1; number <= count; ++number) {
    ring.versions.push_back({number, KeyState::Enabled, 1'700'000'000 + number,
                             std::make_shared<const Secret>(
                                 counting_key(static_cast<std::uint8_t>(first + number - 1)))});
  }
  StoredKeyset keys;
  keys.generation = 1;
  keys.rings.push_back(std::move(ring));
  return keys;
}

}  // namespace crypto_sodium::testing
