// plugins/metrics_prometheus/naming.cpp - the Prometheus data model, and the names that are taken.
#include "naming.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "backplane/ext/metric.h"

namespace metrics_prometheus {

namespace {

// Exporters append these; "_created" is OpenMetrics'.
constexpr std::array<std::string_view, 6> taken_suffixes{"_total", "_bucket",  "_sum",
                                                         "_count", "_created", "_info"};
constexpr std::array<std::string_view, 3> taken_prefixes{"backplane_", "process_", "metrics_"};
constexpr std::array<std::string_view, 3> taken_labels{"le", "quantile", owner_label};

bool is_name(std::string_view name, bool colon_allowed) noexcept {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (name.empty() || name.size() > name_bytes_max || is_digit(name.front())) {
    return false;
  }
  return std::ranges::all_of(name, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
           (colon_allowed && c == ':');
  });
}

std::unexpected<bp::error> invalid(const std::string& what, const std::string& fix) {
  return bp::fail(BP_E_INVALID, what + "; " + fix);
}

bp::result<void> check_name(const std::string& name) {
  if (!is_name(name, true)) {
    return invalid(
        "a metric's name is 1..255 characters of [a-zA-Z0-9_:], not beginning with a "
        "digit",
        "choose another name");
  }
  for (const std::string_view suffix : taken_suffixes) {
    if (name.ends_with(suffix)) {
      return invalid("'" + name + "' ends with '" + std::string(suffix) + "'",
                     "leave it out, exporters add it themselves");
    }
  }
  for (const std::string_view prefix : taken_prefixes) {
    if (name.starts_with(prefix)) {
      return invalid("'" + name + "' begins with '" + std::string(prefix) + "', which is taken",
                     "choose another name");
    }
  }
  return {};
}

bp::result<void> check_labels(const Definition& definition) {
  const auto& names = definition.label_names;
  if (names.size() > BP_METRIC_LABELS_MAX) {
    return invalid("'" + definition.name + "' has " + std::to_string(names.size()) + " labels",
                   "the limit is " + std::to_string(BP_METRIC_LABELS_MAX));
  }
  for (auto name = names.begin(); name != names.end(); ++name) {
    if (!is_name(*name, false) || name->starts_with("__") ||
        std::ranges::find(taken_labels, *name) != taken_labels.end()) {
      return invalid("a label of '" + definition.name +
                         "' is no name of [a-zA-Z0-9_], begins with '__', or is one of le, "
                         "quantile, plugin",
                     "choose another name");
    }
    if (std::find(names.begin(), name, *name) != name) {
      return invalid("'" + definition.name + "' names label '" + *name + "' twice",
                     "leave one out");
    }
  }
  return {};
}

bp::result<void> check_bounds(const Definition& definition) {
  const auto& bounds = definition.bounds;
  const bool ascending = std::ranges::adjacent_find(
                             bounds, [](double a, double b) { return !(b > a); }) == bounds.end();
  if (bounds.size() > BP_METRIC_BOUNDS_MAX || !ascending ||
      !std::ranges::all_of(bounds, [](double bound) { return std::isfinite(bound); })) {
    return invalid("the bounds of '" + definition.name + "' are not at most " +
                       std::to_string(BP_METRIC_BOUNDS_MAX) + " ascending, finite numbers",
                   "give others, or none");
  }
  return {};
}

}  // namespace

bp::result<void> check(const Definition& definition) {
  const std::string& name = definition.name;
  BP_TRY(check_name(name));
  BP_TRY(check_labels(definition));
  BP_TRY(check_bounds(definition));
  if (definition.kind < BP_METRIC_COUNTER || definition.kind > BP_METRIC_STATESET) {
    return invalid("'" + name + "' is of no kind that there is", "see Kind of the contract");
  }
  const bool quantity = definition.kind != BP_METRIC_INFO && definition.kind != BP_METRIC_STATESET;
  if (!definition.unit.empty() && (!quantity || !name.ends_with("_" + definition.unit))) {
    return invalid("'" + name + "' does not end with its unit '" + definition.unit + "'",
                   quantity ? "name it so" : "leave the unit out, it carries no quantity");
  }
  if (definition.kind == BP_METRIC_STATESET &&
      std::ranges::find(definition.label_names, name) == definition.label_names.end()) {
    return invalid("stateset '" + name + "' has no label for its states",
                   "name one of its labels '" + name + "'");
  }
  return {};
}

std::string_view cut(std::string_view text, std::size_t bytes_max) noexcept {
  if (text.size() <= bytes_max) {
    return text;
  }
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  return text.substr(0, end);
}

}  // namespace metrics_prometheus
