// host/manifest/name_rule.cpp - what the names that an author chooses must look like.
#include <algorithm>

#include "host/manifest/key_tables.hpp"

namespace host::manifest {

namespace {

constexpr std::string_view lower_case = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view upper_case = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view digits = "0123456789";

bool has_only(std::string_view text, std::string_view more, bool upper) {
  return std::ranges::all_of(text, [&](char c) {
    return lower_case.contains(c) || digits.contains(c) || more.contains(c) ||
           (upper && upper_case.contains(c));
  });
}

}  // namespace

TextRule plugin_id_rule() {
  return {"a plugin id: 1 to 64 of a-z 0-9 . _ -, the first a letter or digit",
          "^[a-z0-9][a-z0-9._-]{0,63}$", [](std::string_view text) {
            return !text.empty() && text.size() <= plugin_id_bytes_max &&
                   has_only(text, "._-", false) && has_only(text.substr(0, 1), "", false);
          }};
}

TextRule channel_rule() {
  return {"a channel name: 1 to 255 of A-Z a-z 0-9 . _ -, the first a letter or digit",
          "^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$", [](std::string_view text) {
            return !text.empty() && text.size() <= name_bytes_max && has_only(text, "._-", true) &&
                   has_only(text.substr(0, 1), "", true);
          }};
}

TextRule group_rule() {
  return {
      "the name of a group: empty, or 1 to 255 of A-Z a-z 0-9 . _ -, the first a letter or digit",
      "^([A-Za-z0-9][A-Za-z0-9._-]{0,254})?$",
      [](std::string_view text) { return text.empty() || channel_rule().accepts(text); }};
}

TextRule glob_rule() {
  return {"a pattern for names: 1 to 255 of A-Z a-z 0-9 . _ - * ?", "^[A-Za-z0-9._*?-]{1,255}$",
          [](std::string_view text) {
            return !text.empty() && text.size() <= name_bytes_max && has_only(text, "._-*?", true);
          }};
}

}  // namespace host::manifest
