// plugins/transport_ws/frame/utf8.hpp - checks UTF-8 (RFC 3629) that arrives in pieces.
//
// Errors: false as soon as the bytes seen can no longer begin a valid text. Thread: value.
#pragma once

#include <cstdint>
#include <string_view>

namespace transport_ws::frame {

class Utf8Check {
 public:
  /// False: invalid; then only reset() helps.
  [[nodiscard]] bool feed(std::string_view bytes) noexcept;

  /// Is the text seen so far complete, i.e. not in the middle of a character?
  [[nodiscard]] bool complete() const noexcept { return missing_ == 0; }

  void reset() noexcept { *this = Utf8Check(); }

 private:
  [[nodiscard]] bool take(std::uint8_t byte) noexcept;
  [[nodiscard]] bool begin(std::uint8_t lead) noexcept;

  std::uint8_t missing_ = 0;  // continuation bytes still to come
  std::uint8_t low_ = 0x80;   // what the next one may be: the lead byte narrows the first of them
  std::uint8_t high_ = 0xBF;
};

[[nodiscard]] inline bool is_utf8(std::string_view text) noexcept {
  Utf8Check check;
  return check.feed(text) && check.complete();
}

}  // namespace transport_ws::frame
