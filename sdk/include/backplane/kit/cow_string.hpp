// backplane/kit/cow_string.hpp - a text that borrows while it can and owns when it must.
//
//   auto name = bp::kit::cow_string::borrow(message_field);   // no copy
//   if (needs_escaping(name)) name.mutate() = escaped(name);  // the copy is made here, once
//   cache.put(std::move(name).own());                         // a std::string that may stay
//
// Since: 1.0. Thread: a value. Blocks: no. Owns: its text, or (borrowed) nothing: then it is valid
// as long as what it borrows from. A copy of a borrowed one borrows too. Errors: std::bad_alloc
// where it copies. The name is Rust's Cow<str>, "clone on write".
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace bp::kit {

class cow_string {
 public:
  cow_string() = default;

  /// Owned from the start.
  explicit cow_string(std::string text) noexcept : text_(std::move(text)) {}

  /// Refers to `text`, which must outlive this and its copies, or their next own() or mutate().
  [[nodiscard]] static cow_string borrow(std::string_view text) noexcept {
    cow_string made;
    made.text_ = text;
    return made;
  }

  [[nodiscard]] std::string_view view() const noexcept {
    const auto* owned = std::get_if<std::string>(&text_);
    return owned != nullptr ? std::string_view(*owned) : *std::get_if<std::string_view>(&text_);
  }

  operator std::string_view() const noexcept { return view(); }  // NOLINT: it is one

  [[nodiscard]] bool borrowed() const noexcept {
    return std::holds_alternative<std::string_view>(text_);
  }

  [[nodiscard]] bool empty() const noexcept { return view().empty(); }

  [[nodiscard]] std::size_t size() const noexcept { return view().size(); }

  /// The text to change; copied now if it was borrowed.
  [[nodiscard]] std::string& mutate() {
    if (borrowed()) {
      text_ = std::string(view());
    }
    return *std::get_if<std::string>(&text_);
  }

  /// Copied now if it was borrowed, moved out if not.
  [[nodiscard]] std::string own() && { return std::move(mutate()); }

  friend bool operator==(const cow_string& a, const cow_string& b) noexcept {
    return a.view() == b.view();
  }

  friend bool operator==(const cow_string& a, std::string_view b) noexcept { return a.view() == b; }

  friend auto operator<=>(const cow_string& a, const cow_string& b) noexcept {
    return a.view() <=> b.view();
  }

  friend std::ostream& operator<<(std::ostream& out, const cow_string& text) {
    return out << text.view();
  }

 private:
  std::variant<std::string_view, std::string> text_;
};

}  // namespace bp::kit
