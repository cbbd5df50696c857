// host/runtime/run_queue.hpp - a worker's ring of strands: it pushes, it and thieves take.
//
// Owns: nothing; it holds pointers. Thread: push() and steal_into()'s target: the owner; take() and
// steal_into(): any. Errors: a full ring.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace host::runtime {

class Strand;

inline constexpr std::size_t run_queue_strands_max = 256;

// The owner alone moves the tail, whoever takes moves the head by compare-and-swap. Positions are
// 64 bits wide and never wrap, so a thief that slept for long cannot mistake an old head for a new.
class RunQueue {
 public:
  [[nodiscard]] std::size_t size() const noexcept {
    const std::uint64_t head = head_.load(std::memory_order_acquire);
    return static_cast<std::size_t>(tail_.load(std::memory_order_acquire) - head);
  }

  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

  // False when it is full.
  [[nodiscard]] bool push(Strand* strand) noexcept {
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    // Acquires the thieves' reads of a cell that is written again.
    if (tail - head_.load(std::memory_order_acquire) >= run_queue_strands_max) {
      return false;
    }
    cell(tail).store(strand, std::memory_order_relaxed);
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  // The oldest; null when empty.
  [[nodiscard]] Strand* take() noexcept {
    std::uint64_t head = head_.load(std::memory_order_acquire);
    while (head != tail_.load(std::memory_order_acquire)) {
      Strand* const strand = cell(head).load(std::memory_order_relaxed);
      if (head_.compare_exchange_weak(head, head + 1, std::memory_order_acq_rel,
                                      std::memory_order_acquire)) {
        return strand;
      }
    }
    return nullptr;
  }

  // Takes the older half: answers the first of it, the rest goes to `mine`, which is empty.
  [[nodiscard]] Strand* steal_into(RunQueue& mine) noexcept {
    std::uint64_t head = head_.load(std::memory_order_acquire);
    for (;;) {
      const std::uint64_t there = tail_.load(std::memory_order_acquire) - head;
      const std::uint64_t count = there - there / 2;
      if (there == 0) {
        return nullptr;
      }
      if (there > run_queue_strands_max) {
        head = head_.load(std::memory_order_acquire);  // it moved between the two reads
        continue;
      }
      Strand* const first = cell(head).load(std::memory_order_relaxed);
      const std::uint64_t tail = mine.tail_.load(std::memory_order_relaxed);
      for (std::uint64_t i = 1; i < count; ++i) {
        mine.cell(tail + i - 1)
            .store(cell(head + i).load(std::memory_order_relaxed), std::memory_order_relaxed);
      }
      if (head_.compare_exchange_weak(head, head + count, std::memory_order_acq_rel,
                                      std::memory_order_acquire)) {
        mine.tail_.store(tail + count - 1, std::memory_order_release);
        return first;
      }
    }
  }

 private:
  [[nodiscard]] std::atomic<Strand*>& cell(std::uint64_t position) noexcept {
    return ring_[position % run_queue_strands_max];
  }

  alignas(64) std::atomic<std::uint64_t> head_{0};
  alignas(64) std::atomic<std::uint64_t> tail_{0};
  std::array<std::atomic<Strand*>, run_queue_strands_max> ring_{};
};

}  // namespace host::runtime
