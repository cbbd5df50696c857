// plugins/metrics_prometheus/ledger.cpp - defines, binds, counts, and forgets.
#include "ledger.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "backplane/ext/metric.h"

namespace metrics_prometheus {

namespace {

constexpr std::string_view overflow_value = "overflow";
constexpr std::size_t help_bytes_max = 1'024;
constexpr std::array<double, 13> default_bounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                0.25,  0.5,    1.0,   2.5,  5.0,   10.0};

std::unexpected<bp::error> stale(const char* what) {
  return bp::fail(BP_E_STALE, std::string("the ") + what +
                                  " is not there any more, or another caller's; define and bind "
                                  "it anew");
}

// Whether a value of `kind` may be so.
bool makes_sense(std::uint32_t kind, double value) noexcept {
  switch (kind) {
    case BP_METRIC_COUNTER:
      return value >= 0.0 && std::isfinite(value);
    case BP_METRIC_INFO:
      return false;
    default:
      return !std::isnan(value);
  }
}

}  // namespace

bp::result<std::uint64_t> Ledger::define(const std::string& owner, const Definition& definition,
                                         const LedgerLimits& limits) {
  BP_TRY(check(definition));
  Definition wanted = definition;
  wanted.help = cut(definition.help, help_bytes_max);
  if (wanted.kind == BP_METRIC_HISTOGRAM && wanted.bounds.empty()) {
    wanted.bounds.assign(default_bounds.begin(), default_bounds.end());
  }
  const auto found = shelves_.find(wanted.name);
  if (found != shelves_.end()) {
    Definition stands = found->second.definition;
    stands.help = wanted.help;
    if (!(stands == wanted)) {
      return bp::fail(BP_E_CONFLICT, "'" + wanted.name +
                                         "' stands for another kind, unit, labels "
                                         "or bounds, defined by '" +
                                         found->second.first_owner + "'; choose another name");
    }
    if (const auto known = found->second.ids.find(owner); known != found->second.ids.end()) {
      return known->second;
    }
  }
  const auto own = std::ranges::count_if(
      families_, [&](const auto& family) { return family.second.owner == owner; });
  if (std::cmp_greater_equal(own, limits.families_per_caller)) {
    return bp::fail(BP_E_BUSY, "'" + owner + "' has defined " + std::to_string(own) +
                                   " metrics, the limit; use labels for what varies, or raise "
                                   "registry.families_per_caller");
  }
  Shelf& shelf = shelves_[wanted.name];
  if (shelf.ids.empty()) {
    shelf.definition = std::move(wanted);
    shelf.first_owner = owner;
  }
  shelf.ids.emplace(owner, ++last_id_);
  families_.emplace(last_id_, FamilyOf{owner, &shelf});
  return last_id_;
}

bp::result<std::uint64_t> Ledger::bind(const std::string& owner, std::uint64_t family,
                                       std::vector<std::string> label_values,
                                       const LedgerLimits& limits, std::uint64_t now_ns,
                                       std::uint64_t unix_now_ns) {
  const auto found = families_.find(family);
  if (found == families_.end() || found->second.owner != owner) {
    return stale("family");
  }
  Shelf& shelf = *found->second.shelf;
  const std::size_t wanted = shelf.definition.label_names.size();
  if (label_values.size() != wanted) {
    return bp::fail(BP_E_INVALID, std::to_string(label_values.size()) + " label values for '" +
                                      shelf.definition.name + "', which has " +
                                      std::to_string(wanted) + " labels");
  }
  for (std::string& value : label_values) {
    value = cut(value, BP_METRIC_LABEL_BYTES_MAX);
  }
  Key key = std::move(label_values);
  key.push_back(owner);
  const bool full =
      shelf.series.size() >= limits.series_per_family || series_.size() >= limits.series_total;
  if (full && wanted > 0 && !shelf.series.contains(key)) {
    std::fill_n(key.begin(), wanted, std::string(overflow_value));
    ++overflowed_;
  }
  const auto [place, fresh] = shelf.series.try_emplace(std::move(key));
  Entry& entry = place->second;
  entry.touched_ns = now_ns;
  if (fresh) {
    entry.id = ++last_id_;
    entry.created_unix_ns = unix_now_ns;
    entry.counts.assign(shelf.definition.bounds.size() + 1, 0);
    series_.emplace(entry.id, SeriesOf{&shelf, place});
  }
  return entry.id;
}

bp::result<Ledger::SeriesOf*> Ledger::series_of(const std::string& owner, std::uint64_t series) {
  const auto found = series_.find(series);
  if (found == series_.end() || found->second.entry->first.back() != owner) {
    return stale("series");
  }
  return &found->second;
}

bp::result<bool> Ledger::observe(const std::string& owner, std::uint64_t series, double value,
                                 std::uint64_t now_ns) {
  const auto found = series_of(owner, series);
  BP_TRY(found);
  const Definition& definition = (*found)->shelf->definition;
  Entry& entry = (*found)->entry->second;
  entry.touched_ns = now_ns;
  if (!makes_sense(definition.kind, value)) {
    return false;
  }
  switch (definition.kind) {
    case BP_METRIC_COUNTER:
      entry.value += value;
      break;
    case BP_METRIC_HISTOGRAM: {
      const auto bucket = std::ranges::lower_bound(definition.bounds, value);
      ++entry.counts[static_cast<std::size_t>(bucket - definition.bounds.begin())];
      entry.sum += value;
      ++entry.count;
      break;
    }
    default:
      entry.value = value;
  }
  return true;
}

void Ledger::erase(std::uint64_t series) {
  const auto found = series_.find(series);
  found->second.shelf->series.erase(found->second.entry);
  series_.erase(found);
}

void Ledger::drop(std::uint64_t family) {
  const auto found = families_.find(family);
  Shelf& shelf = *found->second.shelf;
  std::erase_if(shelf.series, [&](const auto& entry) {
    const bool own = entry.first.back() == found->second.owner;
    if (own) {
      series_.erase(entry.second.id);
    }
    return own;
  });
  shelf.ids.erase(found->second.owner);
  families_.erase(found);
  if (shelf.ids.empty()) {
    shelves_.erase(shelves_.find(shelf.definition.name));
  }
}

bp::result<void> Ledger::drop_family(const std::string& owner, std::uint64_t family) {
  const auto found = families_.find(family);
  if (found == families_.end() || found->second.owner != owner) {
    return stale("family");
  }
  drop(family);
  return {};
}

bp::result<void> Ledger::drop_series(const std::string& owner, std::uint64_t series) {
  BP_TRY(series_of(owner, series));
  erase(series);
  return {};
}

std::set<std::string> Ledger::owners() const {
  std::set<std::string> all;
  for (const auto& [id, family] : families_) {
    all.insert(family.owner);
  }
  return all;
}

void Ledger::drop_owner(const std::string& owner) {
  std::vector<std::uint64_t> own;
  for (const auto& [id, family] : families_) {
    if (family.owner == owner) {
      own.push_back(id);
    }
  }
  for (const std::uint64_t id : own) {
    drop(id);
  }
}

std::size_t Ledger::expire(std::uint64_t now_ns, std::uint64_t after_ns) {
  std::vector<std::uint64_t> old;
  for (const auto& [id, series] : series_) {
    if (now_ns - series.entry->second.touched_ns >= after_ns) {
      old.push_back(id);
    }
  }
  for (const std::uint64_t id : old) {
    erase(id);
  }
  return old.size();
}

Series Ledger::shown(const Shelf& shelf, const Key& key, const Entry& entry) {
  Series series;
  for (std::size_t i = 0; i < shelf.definition.label_names.size(); ++i) {
    series.labels.push_back({shelf.definition.label_names[i], key[i]});
  }
  series.labels.push_back({owner_label, key.back()});
  series.value = entry.value;
  series.created_unix_ns = entry.created_unix_ns;
  if (shelf.definition.kind == BP_METRIC_HISTOGRAM) {
    series.sum = entry.sum;
    series.count = entry.count;
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < shelf.definition.bounds.size(); ++i) {
      below += entry.counts[i];
      series.buckets.push_back({shelf.definition.bounds[i], below});
    }
    series.buckets.push_back({std::numeric_limits<double>::infinity(), entry.count});
  }
  return series;
}

std::vector<Family> Ledger::families() const {
  std::vector<Family> all;
  for (const auto& [name, shelf] : shelves_) {
    Family family{.kind = shelf.definition.kind,
                  .name = name,
                  .help = shelf.definition.help,
                  .unit = shelf.definition.unit,
                  .series = {}};
    for (const auto& [key, entry] : shelf.series) {
      family.series.push_back(shown(shelf, key, entry));
    }
    all.push_back(std::move(family));
  }
  return all;
}

}  // namespace metrics_prometheus
