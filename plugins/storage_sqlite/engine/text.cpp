// plugins/storage_sqlite/engine/text.cpp - checks of UTF-8 text from outside.
#include "engine/text.hpp"

#include <algorithm>
#include <string>

#include "backplane/cpp/utf8.hpp"

namespace storage_sqlite::engine {
namespace {

/// ASCII without NUL, as most keys are. Looks at all of it, which takes no branch a letter.
bool is_plain(std::string_view text) noexcept {
  unsigned odd = 0;
  for (const char letter : text) {
    odd |= static_cast<unsigned char>(letter - 1) < 0x7FU ? 0U : 1U;
  }
  return odd == 0;
}

bool is_utf8_without_nul(std::string_view text) noexcept {
  return bp::utf8::valid(text) && text.find('\0') == std::string_view::npos;
}

}  // namespace

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
  if (text.size() <= bytes_max && (is_plain(text) || is_utf8_without_nul(text)) &&
      (!text.empty() || emptiness == Emptiness::Allowed)) {
    return {};
  }
  const std::string name = "`" + std::string(field) + "`";
  if (text.empty()) {
    return bp::fail(BP_E_INVALID, "INVALID: " + name + " is empty; give it a value");
  }
  if (text.size() > bytes_max) {
    return bp::fail(BP_E_TOO_LARGE, "TOO_LARGE: " + name + " has " + std::to_string(text.size()) +
                                        " bytes, the limit is " + std::to_string(bytes_max));
  }
  return bp::fail(BP_E_INVALID,
                  "INVALID: " + name + " is not UTF-8 text without NUL bytes; encode it first");
}

}  // namespace storage_sqlite::engine
