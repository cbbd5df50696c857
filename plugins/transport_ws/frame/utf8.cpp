// plugins/transport_ws/frame/utf8.cpp - the checker: eight ASCII bytes at a time, everything else
// by the table of RFC 3629.
#include "frame/utf8.hpp"

#include <cstddef>
#include <cstring>

namespace transport_ws::frame {

namespace {

// How many bytes from `at` on are plain ASCII, counted in whole words.
std::size_t ascii_words(std::string_view bytes, std::size_t at) noexcept {
  std::size_t end = at;
  while (end + sizeof(std::uint64_t) <= bytes.size()) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + end, sizeof word);
    if ((word & 0x8080'8080'8080'8080ULL) != 0) {
      break;
    }
    end += sizeof word;
  }
  return end - at;
}

}  // namespace

bool Utf8Check::begin(std::uint8_t lead) noexcept {
  low_ = 0x80;
  high_ = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    missing_ = 1;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    missing_ = 2;
    low_ = lead == 0xE0 ? 0xA0 : 0x80;   // overlong
    high_ = lead == 0xED ? 0x9F : 0xBF;  // surrogates
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    missing_ = 3;
    low_ = lead == 0xF0 ? 0x90 : 0x80;   // overlong
    high_ = lead == 0xF4 ? 0x8F : 0xBF;  // above U+10FFFF
  } else {
    return false;
  }
  return true;
}

bool Utf8Check::take(std::uint8_t byte) noexcept {
  if (missing_ == 0) {
    return byte < 0x80 || begin(byte);
  }
  const bool fits = byte >= low_ && byte <= high_;
  --missing_;
  low_ = 0x80;
  high_ = 0xBF;
  return fits;
}

bool Utf8Check::feed(std::string_view bytes) noexcept {
  std::size_t i = 0;
  while (i < bytes.size()) {
    const std::size_t skipped = missing_ == 0 ? ascii_words(bytes, i) : 0;
    i += skipped;
    if (skipped == 0 && !take(static_cast<std::uint8_t>(bytes[i++]))) {
      return false;
    }
  }
  return true;
}

}  // namespace transport_ws::frame
