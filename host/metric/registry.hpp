// host/metric/registry.hpp - every family and every cell, and what they add up to.
//
// Owns: cells, which stay mapped from bind() to release() of their owner. Thread: any.
// Errors: CONFLICT, INVALID, STALE, BUSY, NO_MEMORY.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "host/metric/definition.hpp"
#include "host/metric/family.hpp"
#include "host/metric/grid.hpp"

namespace host::metric {

inline constexpr std::size_t series_per_family_max = BP_METRIC_SERIES_MAX;
inline constexpr std::size_t families_per_owner_max = 500;
inline constexpr std::size_t cells_per_owner_max = 131'072;

// All label values of the series that stands for those above the limit.
inline constexpr std::string_view overflow_value = "overflow";

class Registry {
 public:
  // The handle of an instance; `host_owner` is the host itself.
  using Owner = std::uint64_t;
  static constexpr Owner host_owner = 0;

  // Below 2^56 and never used again, so the caller may add a kind in the top byte.
  using FamilyId = std::uint64_t;

  // Who writes a cell, told apart within one owner: 0 for its strand, else a number of the thread.
  // Binding the same series again for the same writer gives the same cell.
  using Writer = std::uint64_t;
  static constexpr Writer strand_writer = 0;

  // Appends families. Runs in collect(), without a lock of the registry's tables; it must not add
  // or remove collectors.
  using Collector = std::function<void(std::vector<Family>&)>;
  using CollectorId = std::uint64_t;

  Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;
  ~Registry();

  // Before an instance's first define(). `name` becomes the label "plugin" of its series.
  void add_owner(Owner owner, std::string name);

  // The same definition again gives the same id. CONFLICT: the first definition stands.
  [[nodiscard]] error::Result<FamilyId> define(Owner owner, const Definition& definition);

  [[nodiscard]] error::Result<bp_metric_cell*> bind(Owner owner, FamilyId family,
                                                    std::span<const std::string_view> label_values,
                                                    Writer writer);

  // The owner's series vanish and it can define nothing more; its cells stay mapped.
  void withdraw(Owner owner);

  // Frees the cells of a withdrawn owner: only when none of its threads is left.
  void release(Owner owner);

  CollectorId add_collector(Collector collector);

  // Waits for a run of it that has begun.
  void remove_collector(CollectorId id);

  // Everything, ordered by family name and label values; no family and no label set twice.
  [[nodiscard]] std::vector<Family> collect();

 private:
  struct Tenant;
  struct Shelf;

  // Series of all owners together, so that their order is that of the exposition.
  struct SeriesKey {
    std::vector<std::string> label_values;
    Owner owner;
    friend auto operator<=>(const SeriesKey&, const SeriesKey&) = default;
  };

  using Cells = std::vector<std::pair<Writer, bp_metric_cell*>>;

  [[nodiscard]] error::Result<Shelf*> shelf_for(const Tenant& tenant, Owner owner,
                                                const Definition& definition);
  static void sum_histogram(const Grid& grid, const Cells& cells, Series& series);
  [[nodiscard]] Family read(const Shelf& shelf) const;
  [[nodiscard]] Series read(const Shelf& shelf, const SeriesKey& key, const Cells& cells) const;
  void append_own(std::vector<Family>& families) const;

  std::mutex mutex_;
  FamilyId last_id_ = 0;
  std::map<Owner, Tenant> tenants_;
  std::map<std::string, Shelf, std::less<>> shelves_;  // by family name

  std::mutex collectors_mutex_;  // held while collectors run; taken before mutex_, never after
  CollectorId last_collector_ = 0;
  std::map<CollectorId, Collector> collectors_;
};

}  // namespace host::metric
