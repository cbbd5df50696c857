// host/metric/registry.cpp - defines families, hands out cells, and adds them up.
#include "host/metric/registry.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <deque>

#include <fmt/format.h>

#include "host/metric/joined.hpp"

namespace host::metric {

namespace {

constexpr std::size_t cache_line_bytes = 64;
constexpr std::size_t first_cells = 16;  // of an owner; each further run is twice as long
constexpr std::size_t run_cells_max = 1'024;

struct alignas(cache_line_bytes) BucketLine {
  std::array<std::uint64_t, cache_line_bytes / sizeof(std::uint64_t)> counts{};
};

// A cell alone on its cache line, so that writers of neighbours do not disturb each other.
struct alignas(cache_line_bytes) CellPlace {
  bp_metric_cell cell{};
  Shelf* shelf = nullptr;  // there as long as its owner is not withdrawn
};

static_assert(sizeof(CellPlace) == cache_line_bytes);

// Two families of one name must be the same in everything that their series depend on.
bool same_shape(const Definition& a, const Definition& b) {
  return a.kind == b.kind && a.unit == b.unit && a.label_names == b.label_names &&
         a.bounds == b.bounds;
}

}  // namespace

// One owner.
struct Registry::Tenant {
  std::string name;
  bool withdrawn = false;
  std::map<std::string, FamilyId, std::less<>> ids;  // by family name
  std::unordered_map<FamilyId, Shelf*> families;
  std::size_t n_cells = 0;
  std::size_t n_exemplar_cells = 0;
  std::vector<std::vector<CellPlace>> runs;     // cells; a run never grows beyond its capacity
  std::deque<std::vector<BucketLine>> buckets;  // of the histogram cells

  // Null: it is none of this owner's.
  [[nodiscard]] Shelf* shelf_of(const bp_metric_cell* cell) const {
    const auto at = reinterpret_cast<std::uintptr_t>(cell);
    for (const std::vector<CellPlace>& run : runs) {
      const auto begin = reinterpret_cast<std::uintptr_t>(run.data());
      if (at >= begin && at - begin < run.size() * sizeof(CellPlace) &&
          (at - begin) % sizeof(CellPlace) == 0) {
        return run[(at - begin) / sizeof(CellPlace)].shelf;
      }
    }
    return nullptr;
  }

  [[nodiscard]] bp_metric_cell* new_cell(Shelf& shelf) {
    if (runs.empty() || runs.back().size() == runs.back().capacity()) {
      const std::size_t next =
          runs.empty() ? first_cells : std::min(2 * runs.back().capacity(), run_cells_max);
      runs.emplace_back().reserve(next);
    }
    ++n_cells;
    CellPlace& place = runs.back().emplace_back();
    place.shelf = &shelf;
    bp_metric_cell& cell = place.cell;
    cell.kind = static_cast<std::uint32_t>(shelf.definition().kind);
    if (shelf.definition().kind == Kind::Histogram) {
      constexpr std::size_t per_line = std::tuple_size_v<decltype(BucketLine::counts)>;
      const Grid& grid = shelf.grid();
      auto& lines = buckets.emplace_back((grid.n_buckets + per_line - 1) / per_line);
      cell.buckets = lines.front().counts.data();
      cell.index_base = grid.index_base;
      cell.index_shift = index_shift;
      cell.n_buckets = grid.n_buckets;
    }
    return &cell;
  }
};

Registry::Registry(Limits limits) : limits_(std::move(limits)) {
  tenants_.try_emplace(host_owner).first->second.name = "host";
}

Registry::~Registry() = default;

void Registry::add_owner(Owner owner, std::string name) {
  const std::scoped_lock lock(mutex_);
  tenants_[owner].name = std::move(name);
}

const std::string& Registry::name_of(Owner owner) const {
  return tenants_.at(owner).name;
}

error::Result<Shelf*> Registry::shelf_for(const Tenant& tenant, Owner owner,
                                          const Definition& definition) {
  if (const auto found = shelves_.find(definition.name); found != shelves_.end()) {
    Shelf& shelf = found->second;
    if (!same_shape(shelf.definition(), definition)) {
      ++shelf.conflicts;
      return error::fail(BP_E_CONFLICT,
                         fmt::format("{} of '{}' conflicts with {} of '{}', which stands; rename "
                                     "one of them",
                                     definition.text(), tenant.name, shelf.definition().text(),
                                     shelf.first_owner()));
    }
    return &shelf;
  }
  Grid grid;
  if (definition.kind == Kind::Histogram) {
    auto made = make_grid(definition.bounds);
    if (!made) {
      return std::unexpected(std::move(made).error().during("defining " + definition.text()));
    }
    grid = std::move(*made);
  }
  return &shelves_.try_emplace(definition.name, definition, std::move(grid), owner, tenant.name)
              .first->second;
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
    if ((*shelf)->owners().empty()) {
      shelves_.erase(definition.name);
    }
    return error::fail(BP_E_BUSY, fmt::format("'{}' has defined {} metrics, the limit; use labels "
                                              "instead of names for what varies",
                                              tenant.name, families_per_owner_max));
  }
  (*shelf)->owners().insert(owner);
  tenant.ids.emplace(definition.name, ++last_id_);
  tenant.families.emplace(last_id_, *shelf);
  return last_id_;
}

// The series of these label values, or the one that stands for those beyond a limit.
Shelf::Series* Registry::series_for(Shelf& shelf, Shelf::Key key) {
  Shelf::Series* const known = shelf.find(key);
  if (known != nullptr && !known->expired) {
    return known;
  }
  const bool full = shelf.size() >= limits_.series_per_family ||
                    (!shelf.by_host() && series_total_ >= limits_.series_total);
  if (full && !key.label_values.empty()) {
    std::ranges::fill(key.label_values, overflow_value);
    ++shelf.overflowed;
    if (Shelf::Series* const overflow = shelf.find(key); overflow != nullptr) {
      return overflow;
    }
  } else if (known != nullptr) {
    shelf.revive(*known);
    ++series_total_;
    return known;
  }
  series_total_ += shelf.by_host() ? 0U : 1U;
  return &shelf.add(std::move(key), unix_now());
}

error::Result<bp_metric_cell*> Registry::bind(Owner owner, FamilyId family,
                                              std::span<const std::string_view> label_values,
                                              Writer writer) {
  Shelf::Key key{.label_values = {}, .owner = owner};
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
  if (label_values.size() != shelf.definition().label_names.size()) {
    return error::fail(BP_E_INVALID, fmt::format("{} label values were given for {}",
                                                 label_values.size(), shelf.definition().text()));
  }
  Shelf::Series& series = *series_for(shelf, std::move(key));
  const auto cell =
      std::ranges::find(series.cells, writer, &std::pair<Writer, bp_metric_cell*>::first);
  if (cell != series.cells.end()) {
    return cell->second;
  }
  if (tenant->second.n_cells >= cells_per_owner_max) {
    return error::fail(BP_E_NO_MEMORY,
                       fmt::format("'{}' has {} metric cells, the limit; bind once and keep the "
                                   "cell",
                                   tenant->second.name, cells_per_owner_max));
  }
  bp_metric_cell* fresh = tenant->second.new_cell(shelf);
  shelf.bind(series, writer, fresh);
  return fresh;
}

bp_status Registry::open_exemplars(Owner owner, const bp_metric_cell* cell) {
  const std::scoped_lock lock(mutex_);
  const auto found = tenants_.find(owner);
  if (found == tenants_.end() || found->second.withdrawn) {
    return BP_E_STALE;
  }
  Shelf* const shelf = found->second.shelf_of(cell);
  if (shelf == nullptr) {
    return BP_E_STALE;
  }
  const Kind kind = shelf->definition().kind;
  if (kind != Kind::Histogram && kind != Kind::Counter) {
    return BP_E_INVALID;
  }
  if (found->second.n_exemplar_cells >= exemplar_cells_per_owner_max) {
    return BP_E_NO_MEMORY;
  }
  ++found->second.n_exemplar_cells;
  std::vector<double> uppers;
  for (const Bound& bound : shelf->grid().bounds) {
    uppers.push_back(bound.upper);
  }
  shelf->has_exemplars = true;
  exemplars_.open(owner, cell, std::move(uppers));
  return BP_OK;
}

bp_status Registry::exemplar(Owner owner, const bp_metric_cell* cell, double value,
                             std::span<const std::uint8_t, 24> trace) {
  constexpr std::size_t trace_id_bytes = 16;
  Exemplar exemplar{.value = value, .unix_time_ns = unix_now(), .trace = {}};
  std::ranges::copy(trace, exemplar.trace.begin());
  const bool traced = std::ranges::any_of(trace.first<trace_id_bytes>(),
                                          [](std::uint8_t byte) { return byte != 0; });
  if (cell == nullptr || !traced || std::isnan(value)) {
    return BP_E_INVALID;
  }
  if (exemplars_.put(owner, cell, exemplar)) {
    return BP_OK;
  }
  if (const bp_status opened = open_exemplars(owner, cell); opened < 0) {
    return opened;
  }
  return exemplars_.put(owner, cell, exemplar) ? BP_OK : BP_E_STALE;  // withdrawn meanwhile
}

void Registry::withdraw(Owner owner) {
  const std::scoped_lock lock(mutex_);
  const auto found = tenants_.find(owner);
  if (found == tenants_.end()) {
    return;
  }
  Tenant& tenant = found->second;
  tenant.withdrawn = true;
  exemplars_.withdraw(owner);
  tenant.families.clear();
  for (const auto& [name, id] : tenant.ids) {
    Shelf& shelf = shelves_.at(name);
    const std::size_t gone = shelf.remove(owner);
    series_total_ -= shelf.by_host() ? 0U : gone;
    if (shelf.owners().empty()) {
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

}  // namespace host::metric
