// host/schema/base64.cpp - the standard alphabet, padded, strict.
#include "host/schema/base64.hpp"

#include <array>

namespace host::schema {

namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t foreign = 0xFF;
constexpr std::uint32_t six_bits = 0x3F;
constexpr std::size_t group_chars = 4;
constexpr std::size_t group_bytes = 3;

constexpr std::array<std::uint8_t, 256> values = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(foreign);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    table.at(static_cast<std::uint8_t>(alphabet[i])) = static_cast<std::uint8_t>(i);
  }
  return table;
}();

std::size_t padding_of(std::string_view text) noexcept {
  return text.ends_with("==") ? 2 : static_cast<std::size_t>(text.ends_with('='));
}

}  // namespace

void append_base64(std::string& out, std::span<const std::uint8_t> bytes) {
  out.reserve(out.size() + ((bytes.size() + group_bytes - 1) / group_bytes * group_chars));
  for (std::size_t at = 0; at < bytes.size(); at += group_bytes) {
    const std::size_t left = bytes.size() - at;
    const std::uint32_t bits = std::uint32_t{bytes[at]} << 16U |
                               (left > 1 ? std::uint32_t{bytes[at + 1]} << 8U : 0U) |
                               (left > 2 ? std::uint32_t{bytes[at + 2]} : 0U);
    out += alphabet[bits >> 18U];
    out += alphabet[bits >> 12U & six_bits];
    out += left > 1 ? alphabet[bits >> 6U & six_bits] : '=';
    out += left > 2 ? alphabet[bits & six_bits] : '=';
  }
}

std::optional<std::size_t> base64_decoded_bytes(std::string_view text) noexcept {
  if (text.size() % group_chars != 0) {
    return std::nullopt;
  }
  return (text.size() / group_chars * group_bytes) - padding_of(text);
}

bool decode_base64(std::string_view text, std::span<std::uint8_t> out) noexcept {
  text.remove_suffix(padding_of(text));
  std::uint32_t bits = 0;
  std::uint32_t n_bits = 0;
  std::size_t at = 0;
  for (const char c : text) {
    const std::uint8_t value = values.at(static_cast<std::uint8_t>(c));
    if (value == foreign) {
      return false;
    }
    bits = bits << 6U | value;
    n_bits += 6;
    if (n_bits >= 8) {
      n_bits -= 8;
      out[at++] = static_cast<std::uint8_t>(bits >> n_bits);
      bits &= (1U << n_bits) - 1;
    }
  }
  return bits == 0;
}

}  // namespace host::schema
