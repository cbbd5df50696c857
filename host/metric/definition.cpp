// host/metric/definition.cpp - checks names, labels and units before a family exists.
#include "host/metric/definition.hpp"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "backplane/cpp/utf8.hpp"

namespace host::metric {

namespace {

// Exporters append these to the names of counters and histograms; "_created" is OpenMetrics'.
constexpr std::array<std::string_view, 5> taken_suffixes{"_total", "_bucket", "_sum", "_count",
                                                         "_created"};
constexpr std::array<std::string_view, 2> host_prefixes{"backplane_", "process_"};
constexpr std::array<std::string_view, 2> exporter_labels{"le", "quantile"};
constexpr std::string_view replacement = "\xEF\xBF\xBD";

constexpr std::string_view info_suffix = "_info";

bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool is_name(std::string_view name, bool colon_allowed) noexcept {
  if (name.empty() || name.size() > name_bytes_max || is_digit(name.front())) {
    return false;
  }
  return std::ranges::all_of(name, [colon_allowed](char c) {
    return is_letter(c) || is_digit(c) || c == '_' || (colon_allowed && c == ':');
  });
}

error::Result<void> check_name(const Definition& definition, bool by_host) {
  const std::string& name = definition.name;
  if (!is_name(name, true)) {
    return error::fail(BP_E_INVALID, fmt::format("metric name '{}' is not 1..{} characters of "
                                                 "[a-zA-Z0-9_:], not beginning with a digit",
                                                 clean_text(name, name_bytes_max), name_bytes_max));
  }
  for (const std::string_view suffix : taken_suffixes) {
    if (name.ends_with(suffix)) {
      return error::fail(BP_E_INVALID,
                         fmt::format("metric name '{}' ends with '{}', which exporters add "
                                     "themselves; leave it out",
                                     name, suffix));
    }
  }
  for (const std::string_view prefix : host_prefixes) {
    if (!by_host && name.starts_with(prefix)) {
      return error::fail(BP_E_INVALID, fmt::format("metric name '{}' begins with '{}', which is "
                                                   "kept for the host; choose another name",
                                                   name, prefix));
    }
  }
  if (!definition.unit.empty() && !name.ends_with("_" + definition.unit)) {
    return error::fail(
        BP_E_INVALID,
        fmt::format("metric '{}' has the unit '{}' but does not say so; name it '{}_{}'", name,
                    definition.unit, name, definition.unit));
  }
  return {};
}

error::Result<void> check_labels(const Definition& definition, bool by_host) {
  const auto& names = definition.label_names;
  if (names.size() > labels_max) {
    return error::fail(BP_E_INVALID, fmt::format("metric '{}' has {} labels; the limit is {}",
                                                 definition.name, names.size(), labels_max));
  }
  for (auto name = names.begin(); name != names.end(); ++name) {
    const std::string shown = clean_text(*name, name_bytes_max);
    if (!is_name(*name, false) || name->starts_with("__")) {
      return error::fail(BP_E_INVALID,
                         fmt::format("label '{}' of metric '{}' is not made of [a-zA-Z0-9_], or "
                                     "begins with a digit or '__'",
                                     shown, definition.name));
    }
    if (std::ranges::find(exporter_labels, *name) != exporter_labels.end() ||
        (!by_host && *name == plugin_label)) {
      return error::fail(BP_E_INVALID,
                         fmt::format("label '{}' of metric '{}' is set by the host or the "
                                     "exporter; choose another name",
                                     shown, definition.name));
    }
    if (std::find(names.begin(), name, *name) != name) {
      return error::fail(BP_E_INVALID, fmt::format("label '{}' of metric '{}' is named twice",
                                                   shown, definition.name));
    }
  }
  return {};
}

// What OpenMetrics wants of the two kinds that carry no quantity.
error::Result<void> check_kind(const Definition& definition) {
  const std::string& name = definition.name;
  if (definition.kind != Kind::Info && definition.kind != Kind::StateSet) {
    return {};
  }
  if (!definition.unit.empty()) {
    return error::fail(BP_E_INVALID, fmt::format("{} has a unit; leave it out, it carries no "
                                                 "quantity",
                                                 definition.text()));
  }
  if (definition.kind == Kind::Info && name.ends_with(info_suffix)) {
    return error::fail(BP_E_INVALID, fmt::format("info '{}' ends with '{}', which exporters add "
                                                 "themselves; leave it out",
                                                 name, info_suffix));
  }
  if (definition.kind == Kind::StateSet &&
      std::ranges::find(definition.label_names, name) == definition.label_names.end()) {
    return error::fail(BP_E_INVALID, fmt::format("{} has no label '{}' for its states; name one of "
                                                 "its labels so",
                                                 definition.text(), name));
  }
  return {};
}

std::string_view view(const bp_str& text) noexcept {
  return text.ptr == nullptr ? std::string_view{} : std::string_view(text.ptr, text.len);
}

}  // namespace

std::string_view kind_name(Kind kind) noexcept {
  switch (kind) {
    case Kind::Counter:
      return "counter";
    case Kind::Gauge:
      return "gauge";
    case Kind::Histogram:
      return "histogram";
    case Kind::Info:
      return "info";
    case Kind::StateSet:
      return "stateset";
  }
  return "unknown";
}

std::string Definition::text() const {
  return fmt::format("{} '{}' {{{}}}{}", kind_name(kind), name, fmt::join(label_names, ", "),
                     bounds.empty() ? "" : fmt::format(" with {} bounds", bounds.size()));
}

error::Result<Definition> read_desc(const bp_metric_desc& desc) {
  if (desc.struct_size < sizeof(bp_metric_desc)) {
    return error::fail(BP_E_INVALID, "bp_metric_desc is shorter than the law's; set struct_size");
  }
  if (desc.struct_size > sizeof(bp_metric_desc)) {
    const std::span tail(reinterpret_cast<const char*>(&desc) + sizeof(bp_metric_desc),
                         desc.struct_size - sizeof(bp_metric_desc));
    if (std::ranges::any_of(tail, [](char byte) { return byte != 0; })) {
      return error::fail(BP_E_TOO_NEW, "bp_metric_desc has fields that this host does not know");
    }
  }
  if (desc.kind < BP_METRIC_COUNTER || desc.kind > BP_METRIC_STATESET) {
    return error::fail(BP_E_INVALID,
                       fmt::format("{} is not a kind of metric; use BP_METRIC_*", desc.kind));
  }
  if (desc.n_label_names > labels_max || desc.n_bounds > BP_METRIC_BOUNDS_MAX ||
      (desc.label_names == nullptr && desc.n_label_names > 0)) {
    return error::fail(BP_E_INVALID,
                       fmt::format("metric '{}' has {} labels and {} bounds; the limits are {} "
                                   "and {}",
                                   clean_text(view(desc.name), name_bytes_max), desc.n_label_names,
                                   desc.n_bounds, labels_max, BP_METRIC_BOUNDS_MAX));
  }
  Definition definition{.kind = static_cast<Kind>(desc.kind),
                        .name = std::string(view(desc.name)),
                        .help = clean_text(view(desc.help), help_bytes_max),
                        .unit = std::string(view(desc.unit)),
                        .label_names = {},
                        .bounds = {}};
  for (const bp_str& name : std::span(desc.label_names, desc.n_label_names)) {
    definition.label_names.emplace_back(view(name));
  }
  if (desc.bounds != nullptr) {
    definition.bounds.assign(desc.bounds, desc.bounds + desc.n_bounds);
  }
  return definition;
}

error::Result<void> check(const Definition& definition, bool by_host) {
  if (auto checked = check_name(definition, by_host); !checked) {
    return checked;
  }
  if (auto checked = check_kind(definition); !checked) {
    return checked;
  }
  return check_labels(definition, by_host);
}

std::string clean_text(std::string_view text, std::size_t bytes_max) {
  std::string out;
  out.reserve(std::min(text.size(), bytes_max));
  while (!text.empty()) {
    const std::size_t bytes = text.front() == '\0' ? 0 : bp::utf8::sequence_length(text);
    const std::string_view next = bytes == 0 ? replacement : text.substr(0, bytes);
    if (out.size() + next.size() > bytes_max) {
      break;
    }
    out += next;
    text.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
  return out;
}

}  // namespace host::metric
