// host/metric/exemplar_book.hpp - the exemplars of the cells that have some.
//
// Owns: what it keeps; the cells are their owners'. Thread: any. Errors: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "backplane/ext/metric.h"

#include "host/metric/exemplar.hpp"

namespace host::metric {

class ExemplarBook {
 public:
  using Owner = std::uint64_t;

  // False: the cell has no place here, or is another's. Needs no lock but the book's, and that for
  // a moment.
  [[nodiscard]] bool put(Owner owner, const bp_metric_cell* cell, const Exemplar& exemplar);

  // A place for the cell, with the upper bounds of the buckets that are shown; none: a counter.
  void open(Owner owner, const bp_metric_cell* cell, std::vector<double> uppers);

  // Every place of the owner.
  void withdraw(Owner owner);

  [[nodiscard]] std::vector<BucketExemplar> of(const bp_metric_cell* cell) const;

 private:
  struct Place {
    Place(Owner whose, std::vector<double> bounds)
        : owner(whose), uppers(std::move(bounds)), exemplars(uppers.size() + 1) {}

    Owner owner;
    std::vector<double> uppers;
    Exemplars exemplars;
  };

  [[nodiscard]] std::shared_ptr<Place> find(const bp_metric_cell* cell) const;

  mutable std::mutex mutex_;
  std::unordered_map<const bp_metric_cell*, std::shared_ptr<Place>> places_;
};

}  // namespace host::metric
