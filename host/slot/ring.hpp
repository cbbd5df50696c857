// host/slot/ring.hpp - first in, first out, in memory that is used again.
//
// std::deque takes a block from the heap and gives one back every few pushes, for ever; this takes
// none once it has grown to what is needed. What a burst left is given back when it is over.
//
// Owns: the things in it. Thread: guarded by its user. Errors: none.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace host::slot {

template <typename Thing>
class Ring {
 public:
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  Thing& push_back(Thing thing) {
    if (size_ == places_.size()) {
      grow();
    }
    Thing& place = places_[(first_ + size_) & (places_.size() - 1)];
    place = std::move(thing);
    ++size_;
    return place;
  }

  [[nodiscard]] Thing& front() noexcept { return places_[first_]; }

  void pop_front() {
    places_[first_] = Thing{};
    first_ = (first_ + 1) & (places_.size() - 1);
    if (--size_ == 0 && places_.size() > kept_max) {
      clear();
    }
  }

  void clear() noexcept {
    places_ = {};
    first_ = size_ = 0;
  }

 private:
  static constexpr std::size_t places_min = 8;
  static constexpr std::size_t kept_max = 1'024;

  void grow() {
    std::vector<Thing> wider(places_.empty() ? places_min : 2 * places_.size());
    for (std::size_t i = 0; i < size_; ++i) {
      wider[i] = std::move(places_[(first_ + i) & (places_.size() - 1)]);
    }
    places_ = std::move(wider);
    first_ = 0;
  }

  std::vector<Thing> places_;  // a power of two
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace host::slot
