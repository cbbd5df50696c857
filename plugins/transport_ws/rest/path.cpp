// plugins/transport_ws/rest/path.cpp - segments, percent-encoding, and values as JSON.
#include "rest/path.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "json/json.hpp"
#include "limits.hpp"

namespace transport_ws::rest {

namespace {

constexpr std::string_view number_mark = ":number";

int digit_of(char c) noexcept {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool is_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= name_bytes_max && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// Each segment of a path that begins with '/'.
template <typename Take>
void split(std::string_view path, Take take) {
  path.remove_prefix(1);
  for (;;) {
    const std::size_t slash = path.find('/');
    take(path.substr(0, slash));
    if (slash == std::string_view::npos) {
      return;
    }
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

bp::result<Parameter> read_parameter(std::string_view text) {
  Parameter parameter;
  if (text.ends_with(number_mark)) {
    parameter.number = true;
    text.remove_suffix(number_mark.size());
  }
  if (!is_name(text)) {
    return bp::fail(
        BP_E_CONFIG,
        fmt::format("'{}' is no parameter: write a name of letters, digits and '_', and "
                    "':number' behind it for a number",
                    text));
  }
  parameter.name = text;
  return parameter;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? digit_of(text[i + 1]) : -1;
      const int low = high < 0 ? -1 : digit_of(text[i + 2]);
      if (low < 0) {
        return std::nullopt;
      }
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') {
      return std::nullopt;
    }
    out.push_back(c);
  }
  return out;
}

bp::result<Argument> argument(const Parameter& parameter, const std::string& value) {
  if (!parameter.number) {
    std::string quoted = json::quoted(value);
    if (!json::is_valid(quoted) || json::unquoted(quoted) != value) {
      return bp::fail(BP_E_INVALID, fmt::format("'{}' is not UTF-8", parameter.name));
    }
    return Argument{parameter.name, std::move(quoted)};
  }
  const auto number = json::read("[" + value + "]");
  if (!number || number->children.size() != 1 ||
      number->children.front().kind != json::Kind::Number) {
    return bp::fail(BP_E_INVALID, fmt::format("'{}' must be a number", parameter.name));
  }
  return Argument{parameter.name, value};
}

bp::result<Pattern> Pattern::parse(std::string_view text) {
  const bool plain = std::ranges::all_of(
      text, [](char c) { return c > ' ' && c < 0x7F && c != '?' && c != '#' && c != '%'; });
  if (!text.starts_with('/') || text.size() > route_path_bytes_max || !plain) {
    return bp::fail(BP_E_CONFIG,
                    fmt::format("'{}' is no path: begin with '/', at most {} visible ASCII "
                                "characters, none of '?', '#', '%'",
                                text, route_path_bytes_max));
  }
  Pattern pattern;
  pattern.text_ = text;
  bp::result<void> read;
  split(text, [&](std::string_view segment) {
    const bool parameter = segment.starts_with('{') && segment.ends_with('}');
    pattern.shape_ += parameter ? "/{}" : "/" + std::string(segment);
    pattern.segments_.push_back({std::string(segment), parameter});
    if (!parameter) {
      if (segment.find_first_of("{}") != std::string_view::npos) {
        read = bp::fail(BP_E_CONFIG, fmt::format("'{}' in '{}' is no parameter: write '{{name}}' "
                                                 "as a whole segment",
                                                 segment, text));
      }
      return;
    }
    auto named = read_parameter(segment.substr(1, segment.size() - 2));
    if (!named) {
      read = std::unexpected(std::move(named).error());
    } else if (std::ranges::find(pattern.parameters_, named->name, &Parameter::name) !=
               pattern.parameters_.end()) {
      read = bp::fail(BP_E_CONFIG, fmt::format("'{}' occurs twice in '{}'", named->name, text));
    } else {
      pattern.parameters_.push_back(std::move(*named));
    }
  });
  BP_TRY(read);
  return pattern;
}

std::optional<std::vector<std::string_view>> Pattern::match(std::string_view path) const {
  std::vector<std::string_view> values;
  std::size_t at = 0;
  bool same = path.starts_with('/');
  if (!same) {
    return std::nullopt;
  }
  split(path, [&](std::string_view segment) {
    if (!same || at == segments_.size()) {
      same = false;
      return;
    }
    const Segment& wanted = segments_[at++];
    if (!wanted.parameter) {
      same = wanted.text == segment;
    } else {
      same = !segment.empty();
      values.push_back(segment);
    }
  });
  return same && at == segments_.size() ? std::optional(std::move(values)) : std::nullopt;
}

}  // namespace transport_ws::rest
