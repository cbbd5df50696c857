// backplane/cpp/json_reader.hpp - a strict pull reader for JSON that borrows.
//
// Since: 1.0. Thread: values. Strings without escapes are views into the text; the others are
// unescaped into a bp::json::text_store, so views live as long as both. The first failure stops
// everything: every further call answers false.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "backplane/cpp/error.hpp"
#include "backplane/cpp/utf8.hpp"

namespace bp::json {

inline constexpr std::uint32_t depth_max = 64;

enum class kind : std::uint8_t { null, boolean, number, string, array, object };

[[nodiscard]] constexpr std::string_view name_of(kind what) noexcept {
  constexpr std::string_view names[] = {"null",     "a boolean", "a number",
                                        "a string", "an array",  "an object"};
  return names[static_cast<std::uint8_t>(what)];
}

/// Keeps strings that had to be unescaped. Their addresses stay.
class text_store {
 public:
  std::string& next() { return texts_.emplace_back(); }

 private:
  std::deque<std::string> texts_;
};

class reader {
 public:
  reader(std::string_view text, text_store& store) noexcept : text_(text), store_(&store) {}

  [[nodiscard]] bool failed() const noexcept { return problem_ != nullptr; }

  /// Byte at which the next thing begins, or at which it failed.
  [[nodiscard]] std::size_t offset() const noexcept { return at_; }

  /// What comes next; nullopt (and failed) when no value can begin here.
  [[nodiscard]] std::optional<kind> peek() {
    skip_space();
    switch (current()) {
      case '{':
        return kind::object;
      case '[':
        return kind::array;
      case '"':
        return kind::string;
      case 't':
      case 'f':
        return kind::boolean;
      case 'n':
        return kind::null;
      default:
        if (current() == '-' || is_digit(current())) {
          return kind::number;
        }
        stop(at_ < text_.size() ? "a value cannot begin here"
                                : "the text ends where a value should be");
        return std::nullopt;
    }
  }

  bool read_null() { return word("null"); }

  bool read_bool(bool& value) {
    skip_space();
    value = current() == 't';
    return word(value ? "true" : "false");
  }

  /// A borrowed view, or one into the store when there were escapes.
  bool read_string(std::string_view& value) {
    skip_space();
    if (failed() || current() != '"') {
      return stop("a string should be here");
    }
    const std::size_t begin = ++at_;
    if (!plain_run()) {
      return false;
    }
    if (text_[at_] == '"') {
      value = text_.substr(begin, at_ - begin);
      ++at_;
      return true;
    }
    return read_escaped(begin, value);
  }

  /// The number's text, checked against the grammar.
  bool read_number_text(std::string_view& value) {
    skip_space();
    const std::size_t begin = at_;
    take('-');
    if (take('0')) {
      if (is_digit(current())) {
        return stop("a number must not begin with 0");
      }
    } else if (!digits()) {
      return stop("a number should be here");
    }
    if (take('.') && !digits()) {
      return stop("digits should follow the decimal point");
    }
    if (take('e') || take('E')) {
      take('-') || take('+');
      if (!digits()) {
        return stop("digits should follow the exponent");
      }
    }
    value = text_.substr(begin, at_ - begin);
    return !failed();
  }

  /// Enters an object or array; then next_member() or next_element() until they answer false.
  bool begin_object() { return enter('{', "an object should be here"); }

  bool begin_array() { return enter('[', "an array should be here"); }

  /// The next member's key. False: the object ended, or it failed.
  bool next_member(std::string_view& key) {
    if (!next('}')) {
      return false;
    }
    if (!read_string(key)) {
      return false;
    }
    skip_space();
    return take(':') || stop("':' should follow the key");
  }

  bool next_element() { return next(']'); }

  /// Any value, checked and skipped; `raw` is its text.
  bool skip(std::string_view& raw) {
    const std::optional<kind> what = peek();
    const std::size_t begin = at_;
    if (!what || !skip_value(*what)) {
      return false;
    }
    raw = text_.substr(begin, at_ - begin);
    return true;
  }

  /// Nothing but white space is left.
  bool finish() {
    skip_space();
    return !failed() && (at_ == text_.size() || stop("nothing may follow the value"));
  }

  /// Fails at a place of the caller's choice.
  bool stop(const char* problem) {
    if (problem_ == nullptr) {
      problem_ = problem;
    }
    return false;
  }

  [[nodiscard]] error why() const {
    return {BP_E_INVALID,
            "not valid JSON: " + std::string(problem_ != nullptr ? problem_ : "no problem") +
                " (byte " + std::to_string(at_) + ")"};
  }

 private:
  static constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

  [[nodiscard]] char current() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool take(char c) noexcept {
    const bool here = !failed() && at_ < text_.size() && text_[at_] == c;
    at_ += here ? 1 : 0;
    return here;
  }

  bool digits() noexcept {
    const std::size_t begin = at_;
    while (is_digit(current())) {
      ++at_;
    }
    return at_ > begin;
  }

  void skip_space() noexcept {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
      ++at_;
    }
  }

  bool word(std::string_view expected) {
    skip_space();
    if (failed() || text_.substr(at_, expected.size()) != expected) {
      return stop("true, false or null should be here");
    }
    at_ += expected.size();
    return true;
  }

  bool enter(char opening, const char* problem) {
    skip_space();
    if (!take(opening)) {
      return stop(problem);
    }
    fresh_ = true;
    return ++depth_ <= depth_max || stop("nested deeper than 64 levels");
  }

  bool next(char closing) {
    skip_space();
    const bool first = fresh_;
    fresh_ = false;
    if (take(closing)) {
      --depth_;
      return false;
    }
    if (failed() || first) {
      return !failed();
    }
    if (!take(',')) {
      return stop(closing == '}' ? "',' or '}' should be here" : "',' or ']' should be here");
    }
    skip_space();
    return current() != closing || stop("a value should follow the comma");
  }

  bool skip_value(kind what) {
    std::string_view ignored;
    bool flag = false;
    switch (what) {
      case kind::null:
        return read_null();
      case kind::boolean:
        return read_bool(flag);
      case kind::number:
        return read_number_text(ignored);
      case kind::string:
        return read_string(ignored);
      case kind::array:
        begin_array();
        while (next_element() && skip(ignored)) {
        }
        return !failed();
      default:
        begin_object();
        while (next_member(ignored) && skip(ignored)) {
        }
        return !failed();
    }
  }

  /// Moves to the closing quote or the next backslash.
  bool plain_run() {
    while (at_ < text_.size()) {
      const auto byte = static_cast<unsigned char>(text_[at_]);
      if (byte == '"' || byte == '\\') {
        return true;
      }
      if (byte < 0x20U) {
        return stop("a control character must be escaped");
      }
      const std::size_t length =
          byte < 0x80U ? ascii_run() : utf8::sequence_length(text_.substr(at_));
      if (length == 0) {
        return stop("not valid UTF-8");
      }
      at_ += length;
    }
    return stop("the text ends inside a string");
  }

  /// How many plain ASCII bytes follow, eight at a time; at least 1 where the caller saw one.
  [[nodiscard]] std::size_t ascii_run() const noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101U;
    constexpr std::uint64_t tops = 0x8080808080808080U;
    std::size_t length = 1;
    while (at_ + length + 8 <= text_.size()) {
      std::uint64_t word = 0;
      std::memcpy(&word, text_.data() + at_ + length, sizeof(word));
      const std::uint64_t quote = word ^ (ones * '"');
      const std::uint64_t slash = word ^ (ones * '\\');
      const std::uint64_t special =
          ((word - ones * 0x20U) | (quote - ones) | (slash - ones) | word) & tops;
      if (special != 0) {
        break;
      }
      length += 8;
    }
    return length;
  }

  bool read_escaped(std::size_t begin, std::string_view& value) {
    std::string& owned = store_->next();
    owned.assign(text_.substr(begin, at_ - begin));
    while (text_[at_] != '"') {
      if (!unescape(owned)) {
        return false;
      }
      const std::size_t run = at_;
      if (!plain_run()) {
        return false;
      }
      owned.append(text_.substr(run, at_ - run));
    }
    ++at_;
    value = owned;
    return true;
  }

  bool unescape(std::string& into) {
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    const char letter = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (letter == 'u') {
      return unescape_unicode(into);
    }
    const std::size_t index = letter == '\0' ? std::string_view::npos : letters.find(letter);
    if (index == std::string_view::npos) {
      return stop("no such escape");
    }
    into += meanings[index];
    at_ += 2;
    return true;
  }

  bool unescape_unicode(std::string& into) {
    std::uint32_t code = 0;
    if (!hex4(code)) {
      return false;
    }
    if (code >= 0xDC00U && code <= 0xDFFFU) {
      return stop("a low surrogate without its high one");
    }
    if (code >= 0xD800U && code <= 0xDBFFU) {
      std::uint32_t low = 0;
      if (text_.substr(at_, 2) != "\\u" || !hex4(low) || low < 0xDC00U || low > 0xDFFFU) {
        return stop("a high surrogate without its low one");
      }
      code = 0x10000U + ((code - 0xD800U) << 10U) + (low - 0xDC00U);
    }
    utf8::append(into, code);
    return true;
  }

  bool hex4(std::uint32_t& code) {
    const std::string_view hex = text_.substr(std::min(at_ + 2, text_.size()), 4);
    const auto parsed = std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
    if (hex.size() != 4 || parsed.ec != std::errc() || parsed.ptr != hex.data() + 4) {
      return stop("four hexadecimal digits should follow \\u");
    }
    at_ += 6;
    return true;
  }

  std::string_view text_;
  text_store* store_;
  std::size_t at_ = 0;
  std::uint32_t depth_ = 0;
  const char* problem_ = nullptr;
  bool fresh_ = false;
};

}  // namespace bp::json
