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
#include <vector>

#include "host/metric/definition.hpp"
#include "host/metric/family.hpp"
#include "host/metric/part.hpp"
#include "host/metric/shelf.hpp"

namespace host::metric {

inline constexpr std::size_t series_per_family_max = BP_METRIC_SERIES_MAX;
inline constexpr std::size_t series_total_max = 131'072;
inline constexpr std::size_t families_per_owner_max = 500;
inline constexpr std::size_t cells_per_owner_max = 131'072;
inline constexpr std::size_t exemplar_cells_per_owner_max = BP_METRIC_EXEMPLAR_CELLS_MAX;

// What an operator may set. Series of the host itself are not counted, and do not expire.
struct Limits {
  std::size_t series_per_family = series_per_family_max;
  std::size_t series_total = series_total_max;
  // A series with labels that nobody wrote for so long is not shown until it is written again; its
  // place is free for others. Looked at when a snapshot is taken. 0: never.
  std::uint64_t expire_after_ns = 0;
  std::function<std::uint64_t()> now_ns = {};       // empty: the steady clock
  std::function<std::uint64_t()> unix_now_ns = {};  // empty: the system clock
};

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

  explicit Registry(Limits limits = {});
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

  // `value`, counted in the cell by its writer, belongs to a trace. The first time of a cell it
  // takes the registry's lock. STALE, INVALID, NO_MEMORY.
  [[nodiscard]] bp_status exemplar(Owner owner, const bp_metric_cell* cell, double value,
                                   std::span<const std::uint8_t, 24> trace);

  // The owner's series vanish and it can define nothing more; its cells stay mapped.
  void withdraw(Owner owner);

  // Frees the cells of a withdrawn owner: only when none of its threads is left.
  void release(Owner owner);

  CollectorId add_collector(Collector collector);

  // Waits for a run of it that has begun.
  void remove_collector(CollectorId id);

  // Everything, ordered by family name and label values; no family and no label set twice.
  [[nodiscard]] std::vector<Family> collect();

  // The same in parts, without what whoever got the shape `known` knows already (see
  // bp_metric_api.snapshot_parts). False: there was no room for a part.
  [[nodiscard]] bool snapshot(std::uint32_t known, std::uint64_t unix_time_ns,
                              const PartRoom& room);

 private:
  struct Tenant;

  // The last look of a collector's family, so that its shape grows when it changed.
  struct Look {
    std::uint64_t hash = 0;
    std::uint32_t shape = 0;
    bool seen = false;
  };

  // Per owner: what its cells refused.
  using Refused = std::map<Owner, std::uint64_t>;

  [[nodiscard]] error::Result<Shelf*> shelf_for(const Tenant& tenant, Owner owner,
                                                const Definition& definition);
  [[nodiscard]] Shelf::Series* series_for(Shelf& shelf, Shelf::Key key);
  [[nodiscard]] bp_status open_exemplars(Owner owner, const bp_metric_cell* cell);
  [[nodiscard]] std::vector<Family> run_collectors();
  [[nodiscard]] std::uint64_t now_ns() const;
  [[nodiscard]] std::uint64_t unix_now() const;
  [[nodiscard]] const std::string& name_of(Owner owner) const;
  void look(Refused& refused);
  [[nodiscard]] Family read(const Shelf& shelf) const;
  void append_own(std::vector<Family>& families, const Refused& refused) const;
  void give_shapes(const std::vector<Family>& families);
  [[nodiscard]] bool write(PartWriter& writer, const Shelf& shelf, bool known) const;

  const Limits limits_;
  std::mutex mutex_;
  FamilyId last_id_ = 0;
  std::uint32_t last_shape_ = 0;
  std::size_t series_total_ = 0;  // of plugins, shown
  std::map<Owner, Tenant> tenants_;
  std::map<std::string, Shelf, std::less<>> shelves_;  // by family name
  std::map<std::string, Look, std::less<>> looks_;     // by family name

  ExemplarBook exemplars_;

  std::mutex collectors_mutex_;  // held while collectors run; taken before mutex_, never after
  CollectorId last_collector_ = 0;
  std::map<CollectorId, Collector> collectors_;
};

}  // namespace host::metric
