// host/schema/json_place.cpp - JSON pointers and the nearest right name.
#include "host/schema/json_place.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace host::schema {

namespace {

// The number of letters to insert, remove or replace (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t k = 0; k < row.size(); ++k) {
    row[k] = k;
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t k = 0; k < b.size(); ++k) {
      const std::size_t replaced = diagonal + (a[i] == b[k] ? 0 : 1);
      diagonal = row[k + 1];
      row[k + 1] = std::min({replaced, row[k] + 1, row[k + 1] + 1});
    }
  }
  return row.back();
}

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
  if (wrong.size() > excerpt_bytes_max) {
    return "";
  }
  std::string_view nearest;
  std::size_t nearest_distance = std::max<std::size_t>(2, wrong.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t letters = distance(wrong, candidate);
    if (letters < nearest_distance && letters < candidate.size()) {
      nearest = candidate;
      nearest_distance = letters;
    }
  }
  return nearest.empty() ? "" : fmt::format(": did you mean '{}'?", nearest);
}

}  // namespace host::schema
