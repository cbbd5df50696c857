// host/schema/json_place.cpp - JSON pointers and the nearest right name.
#include "host/schema/json_place.hpp"

#include <fmt/format.h>

#include "host/name/nearest.hpp"

namespace host::schema {

namespace {

void append_token(std::string& pointer, std::string_view key) {
  for (const char c : key) {
    if (c == '~' || c == '/') {
      pointer += c == '~' ? "~0" : "~1";
    } else {
      pointer += c;
    }
  }
}

}  // namespace

std::string JsonPlace::pointer() const {
  std::string text;
  for (const Step& step : steps_) {
    text += '/';
    if (!step.is_key) {
      text += std::to_string(step.index);
      continue;
    }
    append_token(text, step.key.substr(0, excerpt_bytes_max));
  }
  return text;
}

std::unexpected<error::Error> JsonPlace::refuse(std::string_view what) const {
  const std::string where = steps_.empty() ? "the JSON document" : "at '" + pointer() + "'";
  return error::fail(BP_E_SCHEMA, fmt::format("{}: {}", where, what));
}

std::string excerpt(std::string_view text) {
  const bool cut = text.size() > excerpt_bytes_max;
  return error::json_quoted(text.substr(0, excerpt_bytes_max)) + (cut ? "..." : "");
}

std::string did_you_mean(std::string_view wrong, const std::vector<std::string_view>& candidates) {
  const std::vector<std::string> names(candidates.begin(), candidates.end());
  const std::string meant = name::nearest(wrong, names);
  return meant.empty() ? "" : fmt::format(": did you mean '{}'?", meant);
}

}  // namespace host::schema
