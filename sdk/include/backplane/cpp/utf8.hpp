// backplane/cpp/utf8.hpp - UTF-8 by RFC 3629, nothing overlong, no surrogates.
//
// Since: 1.0. Thread: values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bp::utf8 {

/// Length of the sequence at the beginning of `text`; 0 when there is no valid one.
[[nodiscard]] constexpr std::size_t sequence_length(std::string_view text) noexcept {
  const auto at = [text](std::size_t i) -> std::uint32_t {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto follows = [&at](std::size_t i) { return (at(i) & 0xC0U) == 0x80U; };
  const std::uint32_t lead = at(0);
  if (lead < 0x80U) {
    return text.empty() ? 0 : 1;
  }
  if (lead >= 0xC2U && lead <= 0xDFU) {
    return follows(1) ? 2 : 0;
  }
  if (lead >= 0xE0U && lead <= 0xEFU) {
    const bool overlong = lead == 0xE0U && at(1) < 0xA0U;
    const bool surrogate = lead == 0xEDU && at(1) > 0x9FU;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xF0U && lead <= 0xF4U) {
    const bool overlong = lead == 0xF0U && at(1) < 0x90U;
    const bool too_high = lead == 0xF4U && at(1) > 0x8FU;
    return follows(1) && follows(2) && follows(3) && !overlong && !too_high ? 4 : 0;
  }
  return 0;
}

[[nodiscard]] constexpr bool valid(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

/// Appends a code point, which must be one (no surrogate, at most U+10FFFF).
inline void append(std::string& to, std::uint32_t code) {
  const auto tail = [&to, code](unsigned shift) {
    to += static_cast<char>(0x80U | (code >> shift & 0x3FU));
  };
  if (code < 0x80U) {
    to += static_cast<char>(code);
  } else if (code < 0x800U) {
    to += static_cast<char>(0xC0U | code >> 6U);
    tail(0);
  } else if (code < 0x10000U) {
    to += static_cast<char>(0xE0U | code >> 12U);
    tail(6);
    tail(0);
  } else {
    to += static_cast<char>(0xF0U | code >> 18U);
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace bp::utf8
