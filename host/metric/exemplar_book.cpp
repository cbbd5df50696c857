// host/metric/exemplar_book.cpp - finds a cell's place, and the bucket of a value.
#include "host/metric/exemplar_book.hpp"

#include <algorithm>
#include <utility>

namespace host::metric {

std::shared_ptr<ExemplarBook::Place> ExemplarBook::find(const bp_metric_cell* cell) const {
  const std::lock_guard lock(mutex_);
  const auto found = places_.find(cell);
  return found == places_.end() ? nullptr : found->second;
}

bool ExemplarBook::put(Owner owner, const bp_metric_cell* cell, const Exemplar& exemplar) {
  const std::shared_ptr<Place> place = find(cell);
  if (!place || place->owner != owner) {
    return false;
  }
  // A value of exactly a bound lies below it.
  const auto above = std::ranges::lower_bound(place->uppers, exemplar.value);
  place->exemplars.put(static_cast<std::size_t>(above - place->uppers.begin()), exemplar);
  return true;
}

void ExemplarBook::open(Owner owner, const bp_metric_cell* cell, std::vector<double> uppers) {
  const std::lock_guard lock(mutex_);
  auto& place = places_[cell];
  if (!place) {
    place = std::make_shared<Place>(owner, std::move(uppers));
  }
}

void ExemplarBook::withdraw(Owner owner) {
  const std::lock_guard lock(mutex_);
  std::erase_if(places_, [owner](const auto& entry) { return entry.second->owner == owner; });
}

std::vector<BucketExemplar> ExemplarBook::of(const bp_metric_cell* cell) const {
  const std::shared_ptr<Place> place = find(cell);
  return place ? place->exemplars.all() : std::vector<BucketExemplar>();
}

}  // namespace host::metric
