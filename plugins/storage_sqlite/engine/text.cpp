// plugins/storage_sqlite/engine/text.cpp - checks of UTF-8 text from outside.
#include "engine/text.hpp"

#include <algorithm>
#include <string>

#include "backplane/cpp/utf8.hpp"

namespace storage_sqlite::engine {

bool is_name(std::string_view text, std::size_t bytes_max) noexcept {
  const auto letter_or_digit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !text.empty() && text.size() <= bytes_max && std::ranges::all_of(text, [&](char c) {
    return letter_or_digit(c) || c == '.' || c == '_' || c == '-';
  });
}

bp::result<void> check_text(std::string_view field, std::string_view text, std::size_t bytes_max,
                            Emptiness emptiness) {
  const std::string name = "`" + std::string(field) + "`";
  if (text.empty() && emptiness == Emptiness::Refused) {
    return bp::fail(BP_E_INVALID, "INVALID: " + name + " is empty; give it a value");
  }
  if (text.size() > bytes_max) {
    return bp::fail(BP_E_TOO_LARGE, "TOO_LARGE: " + name + " has " + std::to_string(text.size()) +
                                        " bytes, the limit is " + std::to_string(bytes_max));
  }
  if (!bp::utf8::valid(text) || text.find('\0') != std::string_view::npos) {
    return bp::fail(BP_E_INVALID,
                    "INVALID: " + name + " is not UTF-8 text without NUL bytes; encode it first");
  }
  return {};
}

}  // namespace storage_sqlite::engine
