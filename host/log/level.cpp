// host/log/level.cpp - reads levels and filters, and finds the level of a name.
#include "host/log/level.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

namespace host::log {

namespace {

constexpr std::array<std::string_view, 6> level_names{"trace", "debug", "info",
                                                      "warn",  "error", "off"};

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

struct Directive {
  std::string_view name;  // empty: everything
  Level level;
};

error::Result<Directive> parse_directive(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    auto level = parse_level(text);
    if (!level) {
      return std::unexpected(std::move(level).error());
    }
    return Directive{{}, *level};
  }
  const std::string_view name = trimmed(text.substr(0, equals));
  if (name.empty()) {
    return error::fail(BP_E_CONFIG, "log filter '" + std::string(text) +
                                        "' names nothing before '='; write NAME=LEVEL");
  }
  auto level = parse_level(trimmed(text.substr(equals + 1)));
  if (!level) {
    return std::unexpected(std::move(level).error());
  }
  return Directive{name, *level};
}

}  // namespace

std::string_view level_name(Level level) noexcept {
  const auto index = static_cast<std::size_t>(level);
  return index < level_names.size() ? level_names.at(index) : level_names.back();
}

error::Result<Level> parse_level(std::string_view text) {
  const auto* found = std::ranges::find(level_names, text);
  if (found == level_names.end()) {
    return error::fail(BP_E_CONFIG,
                       "'" + std::string(text) +
                           "' is not a log level; use trace, debug, info, warn, error or off");
  }
  return static_cast<Level>(found - level_names.begin());
}

Filter::Filter(Level fallback, Levels levels) : fallback_(fallback), levels_(std::move(levels)) {}

error::Result<void> Filter::apply(std::string_view directives) {
  std::optional<Level> everything;
  std::vector<Directive> named;
  while (!directives.empty()) {
    const std::size_t comma = std::min(directives.find(','), directives.size());
    const std::string_view part = trimmed(directives.substr(0, comma));
    directives.remove_prefix(std::min(comma + 1, directives.size()));
    if (part.empty()) {
      continue;
    }
    auto directive = parse_directive(part);
    if (!directive) {
      return std::unexpected(std::move(directive).error());
    }
    if (directive->name.empty()) {
      everything = directive->level;
    } else {
      named.push_back(*directive);
    }
  }
  if (everything) {
    fallback_ = *everything;
    levels_.clear();
  }
  for (const Directive& directive : named) {
    set(directive.name, directive.level);
  }
  return {};
}

void Filter::set(std::string_view name, Level level) {
  if (name.empty()) {
    fallback_ = level;
    return;
  }
  levels_.insert_or_assign(std::string(name), level);
}

Level Filter::level_of(std::string_view name) const noexcept {
  while (!name.empty()) {
    if (const auto found = levels_.find(name); found != levels_.end()) {
      return found->second;
    }
    const std::size_t dot = name.rfind('.');
    name = dot == std::string_view::npos ? std::string_view{} : name.substr(0, dot);
  }
  return fallback_;
}

}  // namespace host::log
