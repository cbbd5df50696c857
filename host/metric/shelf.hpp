// host/metric/shelf.hpp - one family inside the registry: its series, their cells, what is shown.
//
// Owns: its series; the cells are their owners'. Thread: one at a time, under the registry's lock.
// Errors: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/metric/definition.hpp"
#include "host/metric/exemplar_book.hpp"
#include "host/metric/family.hpp"
#include "host/metric/grid.hpp"

namespace host::metric {

// All label values of the series that stands for those above the limit. It does not expire.
inline constexpr std::string_view overflow_value = "overflow";

class Shelf {
 public:
  using Owner = std::uint64_t;

  // Of all owners together, so that their order is that of the exposition.
  struct Key {
    std::vector<std::string> label_values;
    Owner owner;
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  struct Series {
    std::vector<std::pair<std::uint64_t, bp_metric_cell*>> cells;  // with their writers
    std::uint64_t last_word = 0;   // what its cells added up to when it was looked at
    std::uint64_t touched_ns = 0;  // when that had changed; 0: at the next look
    bool expired = false;          // not shown, and counted nowhere, until it is written again
    std::uint64_t created_unix_ns = 0;
  };

  // What is shown as one series.
  struct Row {
    const Key* key;
    std::uint32_t first_cell;
    std::uint32_t n_cells;
    std::uint64_t created_unix_ns;  // of the oldest that it is made of; 0: not known
  };

  Shelf(Definition what, Grid grid, Owner first, std::string first_name);

  [[nodiscard]] const Definition& definition() const noexcept { return definition_; }

  [[nodiscard]] const Grid& grid() const noexcept { return grid_; }

  [[nodiscard]] bool by_host() const noexcept { return by_host_; }

  [[nodiscard]] const std::string& first_owner() const noexcept { return first_name_; }

  [[nodiscard]] std::set<Owner>& owners() noexcept { return owners_; }

  [[nodiscard]] const std::set<Owner>& owners() const noexcept { return owners_; }

  // Series that are not expired.
  [[nodiscard]] std::size_t size() const noexcept { return series_.size() - expired_; }

  [[nodiscard]] Series* find(const Key& key);
  [[nodiscard]] Series& add(Key key, std::uint64_t created_unix_ns = 0);
  void bind(Series& series, std::uint64_t writer, bp_metric_cell* cell);
  void revive(Series& series);

  // How many shown series went.
  std::size_t remove(Owner owner);

  // Looks at every series with labels: those whose cells did not change for `after_ns` expire, and
  // expired ones that did are shown again while `may_revive()`. How many more (or fewer) are shown.
  std::ptrdiff_t expire(std::uint64_t now_ns, std::uint64_t after_ns,
                        const std::function<bool()>& may_revive);

  // --- what is shown; after arrange()

  using Names = std::function<const std::string&(Owner)>;

  // Puts the rows in order, if anything but values changed. True: it had, and wants a new shape.
  bool arrange(const Names& names);

  // Of a counter, gauge or stateset: what each row adds up to. `refused(owner, n)` for each cell
  // that refused something.
  void read(const std::function<void(Owner, std::uint64_t)>& refused);

  [[nodiscard]] const std::vector<Row>& rows() const noexcept { return rows_; }

  [[nodiscard]] double value(std::size_t row) const { return values_[row]; }

  // sum, count and buckets of a histogram's row; values and labels are left alone.
  void read_histogram(const Row& row, metric::Series& out) const;

  [[nodiscard]] std::vector<BucketExemplar> exemplars(const Row& row,
                                                      const ExemplarBook& book) const;

  std::uint64_t overflowed = 0;  // bindings that went to the overflow series
  std::uint64_t conflicts = 0;   // definitions that were refused because this one stands
  std::uint32_t shape = 0;
  bool has_exemplars = false;  // some cell has a place in the book

 private:
  Definition definition_;
  Grid grid_;  // of a histogram
  bool by_host_;
  std::string first_name_;
  std::set<Owner> owners_;
  std::map<Key, Series> series_;
  std::size_t expired_ = 0;
  bool changed_ = true;
  std::vector<Row> rows_;
  std::vector<bp_metric_cell*> cells_;  // of the rows, one after the other
  std::vector<double> values_;
  mutable std::vector<std::uint64_t> counts_;  // room for read_histogram()
};

}  // namespace host::metric
