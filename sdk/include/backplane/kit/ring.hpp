// backplane/kit/ring.hpp - a first-in first-out buffer that grows to what it needs and stays there.
//
//   bp::kit::ring<int> ring;
//   ring.push_back(1); ring.front(); ring.pop_front(); ring[0];
//
// Since: 1.0. Thread: one at a time. Blocks: no. Owns: its items; memory is kept until it dies, so
// a ring that has reached its size allocates no more (std::deque does, for ever). Errors:
// std::bad_alloc from push_back(), which then changes nothing. front(), pop_front() and [] need an
// item.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace bp::kit {

template <typename Item>
class ring {
  static_assert(std::is_nothrow_move_constructible_v<Item>, "growing moves the items");

 public:
  static constexpr std::size_t first_slots = 8;  // a power of two, as every size after it

  ring() = default;

  ring(ring&& other) noexcept
      : slots_(std::exchange(other.slots_, nullptr)),
        slot_count_(std::exchange(other.slot_count_, 0)),
        first_(std::exchange(other.first_, 0)),
        size_(std::exchange(other.size_, 0)) {}

  /// What this one held, memory included, goes.
  ring& operator=(ring&& other) noexcept {
    ring taken(std::move(other));
    std::swap(slots_, taken.slots_);
    std::swap(slot_count_, taken.slot_count_);
    std::swap(first_, taken.first_);
    std::swap(size_, taken.size_);
    return *this;
  }

  ring(const ring&) = delete;
  ring& operator=(const ring&) = delete;

  ~ring() {
    clear();
    free(slots_, slot_count_);
  }

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// For how many items there is memory.
  [[nodiscard]] std::size_t capacity() const noexcept { return slot_count_; }

  /// 0 is the oldest.
  [[nodiscard]] Item& operator[](std::size_t index) noexcept { return *slot(index); }

  [[nodiscard]] const Item& operator[](std::size_t index) const noexcept { return *slot(index); }

  [[nodiscard]] Item& front() noexcept { return *slot(0); }

  [[nodiscard]] Item& back() noexcept { return *slot(size_ - 1); }

  Item& push_back(Item item) {
    if (size_ == slot_count_) {
      grow();
    }
    Item* made = std::construct_at(slot(size_), std::move(item));
    ++size_;
    return *made;
  }

  void pop_front() noexcept {
    std::destroy_at(slot(0));
    first_ = (first_ + 1) & (slot_count_ - 1);
    --size_;
  }

  void clear() noexcept {
    while (size_ > 0) {
      pop_front();
    }
  }

 private:
  [[nodiscard]] Item* slot(std::size_t index) const noexcept {
    return slots_ + ((first_ + index) & (slot_count_ - 1));
  }

  void grow() {
    const std::size_t wanted = slot_count_ == 0 ? first_slots : slot_count_ * 2;
    Item* larger = std::allocator<Item>().allocate(wanted);
    for (std::size_t index = 0; index < size_; ++index) {
      std::construct_at(larger + index, std::move(*slot(index)));
      std::destroy_at(slot(index));
    }
    free(slots_, slot_count_);
    slots_ = larger;
    slot_count_ = wanted;
    first_ = 0;
  }

  static void free(Item* slots, std::size_t count) noexcept {
    if (slots != nullptr) {
      std::allocator<Item>().deallocate(slots, count);
    }
  }

  Item* slots_ = nullptr;
  std::size_t slot_count_ = 0;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace bp::kit
