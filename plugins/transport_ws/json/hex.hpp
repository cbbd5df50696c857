// plugins/transport_ws/json/hex.hpp - bytes as hexadecimal digits.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace transport_ws::json {

/// Two digits a byte, in either case, at the beginning of `text`. False: it is too short, or
/// something else.
[[nodiscard]] inline bool read_hex(std::string_view text, std::span<std::uint8_t> out) noexcept {
  if (text.size() < 2 * out.size()) {
    return false;
  }
  const char* at = text.data();
  for (std::uint8_t& byte : out) {
    if (std::from_chars(at, at + 2, byte, 16).ptr != at + 2) {
      return false;
    }
    at += 2;
  }
  return true;
}

}  // namespace transport_ws::json
