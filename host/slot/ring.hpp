// host/slot/ring.hpp - first in, first out, in memory that is used again.
//
// std::deque takes a block from the heap and gives one back every few pushes, for ever; this takes
// none once it has grown to what is needed. What a burst left is given back when it is over.
//
// Owns: the things in it. Thread: guarded by its user. Errors: none.
#pragma once

#include <cstddef>
#include <utility>

#include "backplane/kit/ring.hpp"

namespace host::slot {

template <typename Thing>
class Ring {
 public:
  [[nodiscard]] bool empty() const noexcept { return things_.empty(); }

  [[nodiscard]] std::size_t size() const noexcept { return things_.size(); }

  Thing& push_back(Thing thing) { return things_.push_back(std::move(thing)); }

  [[nodiscard]] Thing& front() noexcept { return things_.front(); }

  void pop_front() {
    things_.pop_front();
    if (things_.empty() && things_.capacity() > kept_max) {
      clear();
    }
  }

  void clear() noexcept { things_ = {}; }

 private:
  static constexpr std::size_t kept_max = 1'024;

  bp::kit::ring<Thing> things_;
};

}  // namespace host::slot
