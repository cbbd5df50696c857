// plugins/metrics_prometheus/ledger.hpp - the metrics of callers that have no cells.
//
// Owns: families and series, each the caller's that defined it. Thread: strand. Errors: CONFLICT,
// INVALID, STALE, BUSY.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backplane/cpp/error.hpp"

#include "family.hpp"
#include "naming.hpp"

namespace metrics_prometheus {

struct LedgerLimits {
  std::uint32_t families_per_caller = 100;
  std::uint32_t series_per_family = 2'000;
  std::uint32_t series_total = 20'000;
};

class Ledger {
 public:
  [[nodiscard]] bp::result<std::uint64_t> define(const std::string& owner,
                                                 const Definition& definition,
                                                 const LedgerLimits& limits);

  // Beyond a limit: the series whose label values are all "overflow".
  [[nodiscard]] bp::result<std::uint64_t> bind(const std::string& owner, std::uint64_t family,
                                               std::vector<std::string> label_values,
                                               const LedgerLimits& limits, std::uint64_t now_ns,
                                               std::uint64_t unix_now_ns = 0);

  // False: the value makes no sense for its kind, and was refused.
  [[nodiscard]] bp::result<bool> observe(const std::string& owner, std::uint64_t series,
                                         double value, std::uint64_t now_ns);

  [[nodiscard]] bp::result<void> drop_family(const std::string& owner, std::uint64_t family);
  [[nodiscard]] bp::result<void> drop_series(const std::string& owner, std::uint64_t series);

  // Everything of the callers that `stays` does not want.
  template <typename Stays>
  void drop_owners(Stays stays) {
    for (const std::string& owner : owners()) {
      if (!stays(owner)) {
        drop_owner(owner);
      }
    }
  }

  // Series that nobody observed for `after_ns`. How many.
  std::size_t expire(std::uint64_t now_ns, std::uint64_t after_ns);

  [[nodiscard]] std::size_t series() const noexcept { return series_.size(); }

  [[nodiscard]] std::uint64_t overflowed() const noexcept { return overflowed_; }

  // By name; they point in here until the next change.
  [[nodiscard]] std::vector<Family> families() const;

 private:
  struct Entry {
    std::uint64_t id = 0;
    double value = 0.0;
    double sum = 0.0;
    std::uint64_t count = 0;
    std::vector<std::uint64_t> counts;  // of a histogram's buckets, not cumulative
    std::uint64_t touched_ns = 0;
    std::uint64_t created_unix_ns = 0;
  };

  using Key = std::vector<std::string>;  // label values, then the owner

  struct Shelf {
    Definition definition;
    std::string first_owner;
    std::map<std::string, std::uint64_t> ids;  // by owner
    std::map<Key, Entry> series;
  };

  struct FamilyOf {
    std::string owner;
    Shelf* shelf;
  };

  struct SeriesOf {
    Shelf* shelf;
    std::map<Key, Entry>::iterator entry;
  };

  [[nodiscard]] std::set<std::string> owners() const;
  void drop_owner(const std::string& owner);
  void drop(std::uint64_t family);
  void erase(std::uint64_t series);
  [[nodiscard]] bp::result<SeriesOf*> series_of(const std::string& owner, std::uint64_t series);
  [[nodiscard]] static Series shown(const Shelf& shelf, const Key& key, const Entry& entry);

  std::uint64_t last_id_ = 0;
  std::uint64_t overflowed_ = 0;
  std::map<std::string, Shelf, std::less<>> shelves_;  // by family name
  std::unordered_map<std::uint64_t, FamilyOf> families_;
  std::unordered_map<std::uint64_t, SeriesOf> series_;
};

}  // namespace metrics_prometheus
