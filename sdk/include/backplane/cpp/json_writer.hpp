// backplane/cpp/json_writer.hpp - writes JSON into a string; commas and escapes come by themselves.
//
// Since: 1.0. Thread: values. Text that is not UTF-8 is written with U+FFFD in place of each bad
// byte.
#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <string>
#include <string_view>

#include "backplane/cpp/utf8.hpp"

namespace bp::json {

class writer {
 public:
  explicit writer(std::string& to) noexcept : to_(&to) {}

  writer& begin_object() { return open('{'); }

  writer& end_object() { return close('}'); }

  writer& begin_array() { return open('['); }

  writer& end_array() { return close(']'); }

  writer& key(std::string_view name) {
    separate();
    quote(name);
    *to_ += ':';
    fresh_ = true;
    return *this;
  }

  writer& value(std::string_view text) {
    separate();
    quote(text);
    return *this;
  }

  writer& value(const char* text) { return value(std::string_view(text)); }

  writer& value(const std::string& text) { return value(std::string_view(text)); }

  writer& value(bool flag) { return raw(flag ? "true" : "false"); }

  writer& null() { return raw("null"); }

  template <std::integral Number>
  writer& value(Number number) {
    return digits(number);
  }

  /// The shortest text that reads back the same; null where JSON has no number for it.
  template <std::floating_point Number>
  writer& value(Number number) {
    return std::isfinite(number) ? digits(number) : null();
  }

  /// JSON text, written as it is: the caller answers for it.
  writer& raw(std::string_view json) {
    separate();
    *to_ += json;
    return *this;
  }

  template <typename Value>
  writer& member(std::string_view name, const Value& content) {
    return key(name).value(content);
  }

  /// A string in its quotes, escaped.
  void quote(std::string_view text) {
    *to_ += '"';
    while (!text.empty()) {
      const std::size_t run = plain(text);
      *to_ += text.substr(0, run);
      text.remove_prefix(run);
      if (!text.empty()) {
        escape(text);
      }
    }
    *to_ += '"';
  }

 private:
  template <typename Number>
  writer& digits(Number number) {
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
    return raw({buffer.data(), end});
  }

  void separate() {
    if (!fresh_) {
      *to_ += ',';
    }
    fresh_ = false;
  }

  writer& open(char bracket) {
    separate();
    *to_ += bracket;
    fresh_ = true;
    return *this;
  }

  writer& close(char bracket) {
    *to_ += bracket;
    fresh_ = false;
    return *this;
  }

  static std::size_t plain(std::string_view text) noexcept {
    std::size_t at = 0;
    while (at < text.size()) {
      const auto byte = static_cast<unsigned char>(text[at]);
      if (byte < 0x20U || byte == '"' || byte == '\\') {
        break;
      }
      const std::size_t length = byte < 0x80U ? 1 : utf8::sequence_length(text.substr(at));
      if (length == 0) {
        break;
      }
      at += length;
    }
    return at;
  }

  void escape(std::string_view& text) {
    constexpr std::string_view hex = "0123456789abcdef";
    constexpr std::string_view letters = "\"\\\b\f\n\r\t";
    constexpr std::string_view names = "\"\\bfnrt";
    const auto byte = static_cast<unsigned char>(text.front());
    if (const std::size_t index = letters.find(text.front()); index != std::string_view::npos) {
      *to_ += '\\';
      *to_ += names[index];
    } else if (byte < 0x20U) {
      *to_ += "\\u00";
      *to_ += hex[byte >> 4U];
      *to_ += hex[byte & 0xFU];
    } else {
      *to_ += "\xEF\xBF\xBD";
    }
    text.remove_prefix(1);
  }

  std::string* to_;
  bool fresh_ = true;
};

}  // namespace bp::json
