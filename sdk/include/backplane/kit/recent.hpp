// backplane/kit/recent.hpp - the last N things that happened, the oldest making room.
//
//   bp::kit::recent<std::string> errors(32);
//   errors.push("disk full");
//   for (std::size_t i = 0; i < errors.size(); ++i) show(errors[i]);   // 0 is the oldest kept
//
// Since: 1.0. Thread: one at a time. Blocks: no. Owns: its items. Errors: std::bad_alloc while it
// fills; a full one allocates nothing more. A capacity of 0 keeps nothing and counts all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "backplane/kit/ring.hpp"

namespace bp::kit {

template <typename Item>
class recent {
 public:
  explicit recent(std::size_t capacity) noexcept : capacity_(capacity) {}

  void push(Item item) {
    if (capacity_ == 0) {
      ++evicted_;
      return;
    }
    if (items_.size() == capacity_) {
      items_.pop_front();
      ++evicted_;
    }
    items_.push_back(std::move(item));
  }

  /// 0 is the oldest kept, size() - 1 the newest.
  [[nodiscard]] const Item& operator[](std::size_t index) const noexcept { return items_[index]; }

  [[nodiscard]] const Item& newest() const noexcept { return items_[items_.size() - 1]; }

  [[nodiscard]] bool empty() const noexcept { return items_.empty(); }

  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }

  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

  /// How many made room since the beginning: the number of operator[](0).
  [[nodiscard]] std::uint64_t evicted() const noexcept { return evicted_; }

  /// Forgets the items; they count as evicted.
  void clear() noexcept {
    evicted_ += items_.size();
    items_.clear();
  }

 private:
  ring<Item> items_;
  std::size_t capacity_;
  std::uint64_t evicted_ = 0;
};

}  // namespace bp::kit
