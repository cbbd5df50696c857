// tests/plugins/crypto_sodium/bytes.hpp - bytes as tests write them: hex and text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "secret.hpp"

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

}  // namespace crypto_sodium::testing
