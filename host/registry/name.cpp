// host/registry/name.cpp - one alphabet for everything that is found by name.
#include "host/registry/name.hpp"

#include <algorithm>

#include "backplane/abi/channel.h"

namespace host::registry {

namespace {

constexpr std::size_t shown_bytes_max = 64;  // of a name that is none

bool belongs(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

}  // namespace

bool is_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= BP_NAME_BYTES_MAX && std::ranges::all_of(name, belongs);
}

std::string printable(std::string_view name) {
  if (is_name(name)) {
    return std::string(name);
  }
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : name.substr(0, shown_bytes_max)) {
    if (belongs(c) || c == '/' || c == ' ') {
      text += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    text += "\\x";
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return name.size() > shown_bytes_max ? text + "..." : text;
}

error::Result<void> check_name(std::string_view what, std::string_view name) {
  if (is_name(name)) {
    return {};
  }
  return error::fail(BP_E_INVALID,
                     std::string(what) + " is 1 to " + std::to_string(BP_NAME_BYTES_MAX) +
                         " bytes of letters, digits, '.', '_' and '-', not the " +
                         std::to_string(name.size()) + " bytes '" + printable(name) + "'");
}

}  // namespace host::registry
