// host/metric/registry.cpp - defines families, hands out cells, and adds them up.
#include "host/metric/registry.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <deque>
#include <limits>
#include <set>

#include <fmt/format.h>

namespace host::metric {

namespace {

constexpr std::size_t cache_line_bytes = 64;

struct alignas(cache_line_bytes) BucketLine {
  std::array<std::uint64_t, cache_line_bytes / sizeof(std::uint64_t)> counts{};
};

// A cell alone on its cache line, so that writers of neighbours do not disturb each other.
struct alignas(cache_line_bytes) CellPlace {
  bp_metric_cell cell{};
};

std::uint64_t load(std::uint64_t& word) noexcept {
  return std::atomic_ref(word).load(std::memory_order_relaxed);
}

// Two families of one name must be the same in everything that their series depend on.
bool same_shape(const Definition& a, const Definition& b) {
  return a.kind == b.kind && a.unit == b.unit && a.label_names == b.label_names &&
         a.bounds == b.bounds;
}

void add_up(Series& total, const Series& more) {
  total.value += more.value;
  total.sum += more.sum;
  total.count += more.count;
  for (std::size_t i = 0; i < std::min(total.buckets.size(), more.buckets.size()); ++i) {
    total.buckets[i].count += more.buckets[i].count;
  }
}

bool fits(const Family& family, const Series& series) {
  const bool histogram = family.kind == Kind::Histogram;
  return series.label_values.size() == family.label_names.size() &&
         histogram == !series.buckets.empty();
}

// Orders the series and adds up those of equal labels.
void join_series(Family& family) {
  std::ranges::sort(family.series, {}, &Series::label_values);
  std::vector<Series> distinct;
  for (Series& series : family.series) {
    if (!distinct.empty() && distinct.back().label_values == series.label_values) {
      add_up(distinct.back(), series);
    } else {
      distinct.push_back(std::move(series));
    }
  }
  family.series = std::move(distinct);
}

// Orders families, joins what has the same name and labels, leaves out what no exposition could
// carry.
std::vector<Family> in_order(std::vector<Family> families) {
  std::map<std::string, Family> by_name;
  for (Family& family : families) {
    std::erase_if(family.series, [&](const Series& series) { return !fits(family, series); });
    const auto [first, fresh] = by_name.try_emplace(family.name);
    Family& stands = first->second;
    if (fresh) {
      stands = std::move(family);
    } else if (stands.kind == family.kind && stands.label_names == family.label_names) {
      std::ranges::move(family.series, std::back_inserter(stands.series));
    }
  }
  std::vector<Family> joined;
  joined.reserve(by_name.size());
  for (auto& [name, family] : by_name) {
    join_series(family);
    joined.push_back(std::move(family));
  }
  return joined;
}

}  // namespace

// One owner.
struct Registry::Tenant {
  std::string name;
  bool withdrawn = false;
  std::map<std::string, FamilyId, std::less<>> ids;  // by family name
  std::unordered_map<FamilyId, Shelf*> families;
  std::deque<CellPlace> cells;
  std::deque<std::vector<BucketLine>> buckets;  // of the histogram cells

  [[nodiscard]] bp_metric_cell* new_cell(const Definition& definition, const Grid& grid) {
    CellPlace& place = cells.emplace_back();
    place.cell.kind = static_cast<std::uint32_t>(definition.kind);
    if (definition.kind == Kind::Histogram) {
      constexpr std::size_t per_line = std::tuple_size_v<decltype(BucketLine::counts)>;
      auto& lines = buckets.emplace_back((grid.n_buckets + per_line - 1) / per_line);
      place.cell.buckets = lines.front().counts.data();
      place.cell.index_base = grid.index_base;
      place.cell.index_shift = index_shift;
      place.cell.n_buckets = grid.n_buckets;
    }
    return &place.cell;
  }
};

// One family with the series of everyone who defined it.
struct Registry::Shelf {
  Definition definition;
  Grid grid;
  bool by_host = false;
  std::set<Owner> owners;
  std::string first_owner;  // for messages
  std::map<SeriesKey, Cells> series;
  std::uint64_t overflowed = 0;  // label sets that went to the overflow series

  [[nodiscard]] std::uint64_t refused_of(Owner owner) const;
};

Registry::Registry() {
  tenants_.try_emplace(host_owner).first->second.name = "host";
}

Registry::~Registry() = default;

void Registry::add_owner(Owner owner, std::string name) {
  const std::scoped_lock lock(mutex_);
  tenants_[owner].name = std::move(name);
}

error::Result<Registry::Shelf*> Registry::shelf_for(const Tenant& tenant, Owner owner,
                                                    const Definition& definition) {
  if (const auto found = shelves_.find(definition.name); found != shelves_.end()) {
    Shelf& shelf = found->second;
    if (!same_shape(shelf.definition, definition)) {
      return error::fail(
          BP_E_CONFLICT,
          fmt::format("{} of '{}' conflicts with {} of '{}', which stands; rename "
                      "one of them",
                      definition.text(), tenant.name, shelf.definition.text(), shelf.first_owner));
    }
    return &shelf;
  }
  Shelf shelf{.definition = definition,
              .grid = {},
              .by_host = owner == host_owner,
              .owners = {},
              .first_owner = tenant.name,
              .series = {}};
  if (definition.kind == Kind::Histogram) {
    auto grid = make_grid(definition.bounds);
    if (!grid) {
      return std::unexpected(std::move(grid).error().during("defining " + definition.text()));
    }
    shelf.grid = std::move(*grid);
  }
  return &shelves_.emplace(definition.name, std::move(shelf)).first->second;
}

error::Result<Registry::FamilyId> Registry::define(Owner owner, const Definition& definition) {
  if (auto checked = check(definition, owner == host_owner); !checked) {
    return std::unexpected(std::move(checked).error());
  }
  const std::scoped_lock lock(mutex_);
  const auto found = tenants_.find(owner);
  if (found == tenants_.end() || found->second.withdrawn) {
    return error::fail(BP_E_STALE, "the instance that defines '" + definition.name + "' is gone");
  }
  Tenant& tenant = found->second;
  auto shelf = shelf_for(tenant, owner, definition);
  if (!shelf) {
    return std::unexpected(std::move(shelf).error());
  }
  if (const auto known = tenant.ids.find(definition.name); known != tenant.ids.end()) {
    return known->second;
  }
  if (tenant.ids.size() >= families_per_owner_max) {
    if ((*shelf)->owners.empty()) {
      shelves_.erase(definition.name);
    }
    return error::fail(BP_E_BUSY, fmt::format("'{}' has defined {} metrics, the limit; use labels "
                                              "instead of names for what varies",
                                              tenant.name, families_per_owner_max));
  }
  (*shelf)->owners.insert(owner);
  tenant.ids.emplace(definition.name, ++last_id_);
  tenant.families.emplace(last_id_, *shelf);
  return last_id_;
}

error::Result<bp_metric_cell*> Registry::bind(Owner owner, FamilyId family,
                                              std::span<const std::string_view> label_values,
                                              Writer writer) {
  SeriesKey key{.label_values = {}, .owner = owner};
  key.label_values.reserve(label_values.size());
  for (const std::string_view value : label_values) {
    key.label_values.push_back(clean_text(value, label_value_bytes_max));
  }
  const std::scoped_lock lock(mutex_);
  const auto tenant = tenants_.find(owner);
  if (tenant == tenants_.end() || !tenant->second.families.contains(family)) {
    return error::fail(BP_E_STALE, "the metric is gone, or belongs to another instance");
  }
  Shelf& shelf = *tenant->second.families.at(family);
  if (label_values.size() != shelf.definition.label_names.size()) {
    return error::fail(BP_E_INVALID, fmt::format("{} label values were given for {}",
                                                 label_values.size(), shelf.definition.text()));
  }
  auto series = shelf.series.find(key);
  if (series == shelf.series.end()) {
    if (shelf.series.size() >= series_per_family_max && !key.label_values.empty()) {
      std::ranges::fill(key.label_values, overflow_value);
      ++shelf.overflowed;
    }
    series = shelf.series.try_emplace(std::move(key)).first;
  }
  const auto cell =
      std::ranges::find(series->second, writer, &std::pair<Writer, bp_metric_cell*>::first);
  if (cell != series->second.end()) {
    return cell->second;
  }
  if (tenant->second.cells.size() >= cells_per_owner_max) {
    return error::fail(BP_E_NO_MEMORY,
                       fmt::format("'{}' has {} metric cells, the limit; bind once and keep the "
                                   "cell",
                                   tenant->second.name, cells_per_owner_max));
  }
  bp_metric_cell* fresh = tenant->second.new_cell(shelf.definition, shelf.grid);
  series->second.emplace_back(writer, fresh);
  return fresh;
}

void Registry::withdraw(Owner owner) {
  const std::scoped_lock lock(mutex_);
  const auto found = tenants_.find(owner);
  if (found == tenants_.end()) {
    return;
  }
  Tenant& tenant = found->second;
  tenant.withdrawn = true;
  tenant.families.clear();
  for (const auto& [name, id] : tenant.ids) {
    Shelf& shelf = shelves_.at(name);
    shelf.owners.erase(owner);
    std::erase_if(shelf.series, [owner](const auto& entry) { return entry.first.owner == owner; });
    if (shelf.owners.empty()) {
      shelves_.erase(name);
    }
  }
  tenant.ids.clear();
}

void Registry::release(Owner owner) {
  const std::scoped_lock lock(mutex_);
  if (const auto found = tenants_.find(owner); found != tenants_.end() && found->second.withdrawn) {
    tenants_.erase(found);
  }
}

Registry::CollectorId Registry::add_collector(Collector collector) {
  const std::scoped_lock lock(collectors_mutex_);
  collectors_.emplace(++last_collector_, std::move(collector));
  return last_collector_;
}

void Registry::remove_collector(CollectorId id) {
  const std::scoped_lock lock(collectors_mutex_);
  collectors_.erase(id);
}

void Registry::sum_histogram(const Grid& grid, const Cells& cells, Series& series) {
  std::vector<std::uint64_t> counts(grid.n_buckets, 0);
  for (const auto& [writer, cell] : cells) {
    series.sum += std::bit_cast<double>(load(cell->sum));
    for (std::size_t i = 0; i < counts.size(); ++i) {
      counts[i] += load(cell->buckets[i]);
    }
  }
  // The count is that of the buckets: the cell's own word may be one observation ahead or behind.
  std::size_t next = 0;
  for (const Bound& bound : grid.bounds) {
    for (; next <= bound.bucket; ++next) {
      series.count += counts[next];
    }
    series.buckets.push_back({bound.upper, series.count});
  }
  for (; next < counts.size(); ++next) {
    series.count += counts[next];
  }
  series.buckets.push_back({std::numeric_limits<double>::infinity(), series.count});
}

Series Registry::read(const Shelf& shelf, const SeriesKey& key, const Cells& cells) const {
  Series series{.label_values = key.label_values, .buckets = {}};
  if (!shelf.by_host) {
    series.label_values.push_back(tenants_.at(key.owner).name);
  }
  if (shelf.definition.kind == Kind::Histogram) {
    sum_histogram(shelf.grid, cells, series);
    return series;
  }
  for (const auto& [writer, cell] : cells) {
    const std::uint64_t word = load(cell->value);
    series.value += shelf.definition.kind == Kind::Counter ? static_cast<double>(word)
                                                           : std::bit_cast<double>(word);
  }
  return series;
}

Family Registry::read(const Shelf& shelf) const {
  const Definition& definition = shelf.definition;
  Family family{.kind = definition.kind,
                .name = definition.name,
                .help = definition.help,
                .unit = definition.unit,
                .label_names = definition.label_names,
                .series = {}};
  if (!shelf.by_host) {
    family.label_names.emplace_back(plugin_label);
  }
  family.series.reserve(shelf.series.size());
  for (const auto& [key, cells] : shelf.series) {
    family.series.push_back(read(shelf, key, cells));
  }
  return family;
}

std::uint64_t Registry::Shelf::refused_of(Owner owner) const {
  std::uint64_t total = 0;
  for (const auto& [key, cells] : series) {
    for (const auto& [writer, cell] : cells) {
      total += key.owner == owner ? load(cell->refused) : 0;
    }
  }
  return total;
}

void Registry::append_own(std::vector<Family>& families) const {
  Family refused{.kind = Kind::Counter,
                 .name = "backplane_metric_refused",
                 .help = "Negative additions and NaN that metric cells refused.",
                 .unit = {},
                 .label_names = {std::string(plugin_label)},
                 .series = {}};
  Family overflowed{.kind = Kind::Counter,
                    .name = "backplane_metric_overflow",
                    .help = "Bindings that went to the overflow series of a family.",
                    .unit = {},
                    .label_names = {"family"},
                    .series = {}};
  for (const auto& [name, shelf] : shelves_) {
    for (const Owner owner : shelf.owners) {
      refused.add({tenants_.at(owner).name}, static_cast<double>(shelf.refused_of(owner)));
    }
    if (shelf.overflowed > 0) {
      overflowed.add({name}, static_cast<double>(shelf.overflowed));
    }
  }
  families.push_back(std::move(refused));
  families.push_back(std::move(overflowed));
}

std::vector<Family> Registry::collect() {
  std::vector<Family> families;
  {
    const std::scoped_lock lock(collectors_mutex_);
    for (const auto& [id, collector] : collectors_) {
      collector(families);
    }
  }
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [name, shelf] : shelves_) {
      families.push_back(read(shelf));
    }
    append_own(families);
  }
  return in_order(std::move(families));
}

}  // namespace host::metric
