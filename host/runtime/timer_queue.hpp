// host/runtime/timer_queue.hpp - timers on one thread that sleeps until the next is due.
//
// Owns: its thread. Thread: any. Errors: a full queue; callbacks must be short and must not throw.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "host/runtime/callback.hpp"

namespace host::runtime {

inline constexpr std::size_t timers_max = std::size_t{1} << 22U;

// A heap with four children a node, ordered by time and then by age; each timer knows its place in
// it, so that cancelling needs no search. Timers that fired or were cancelled leave their room to
// the next ones: in the steady state nothing is allocated. Resolution: a timer never fires early;
// it fires late by what the kernel takes to wake a thread (50 us of slack and the wake itself) and
// by the callbacks before it.
class TimerQueue {
 public:
  using Id = std::uint64_t;  // never reused; 0 is no timer
  using Fire = Callback<void(std::uint64_t)>;

  TimerQueue();
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;
  ~TimerQueue();

  // Call `fire` at `at_ns`, then each `every_ns` (0: once). Expirations missed meanwhile are
  // merged: `fire` gets how many. Runs on the timer thread: hand on real work. Answers 0 when
  // timers_max wait already, or after stop().
  Id add(std::uint64_t at_ns, std::uint64_t every_ns, Fire fire);

  // False when it is gone already. It may be firing at this very moment on the timer thread.
  bool cancel(Id id);

  void stop();

  [[nodiscard]] std::size_t size() const;

 private:
  // Ids say the entry's index in their low bits and count up in the others.
  static constexpr unsigned index_bits = 22;
  static constexpr std::size_t chunk_entries = 256;
  static constexpr std::uint32_t nowhere = ~std::uint32_t{0};

  struct Entry {
    Id id = 0;  // 0: free
    std::uint64_t every_ns = 0;
    std::uint32_t place = nowhere;  // in the heap
    Fire fire;
  };

  struct Node {
    std::uint64_t at_ns;
    Id id;

    [[nodiscard]] bool before(const Node& other) const noexcept {
      return at_ns != other.at_ns ? at_ns < other.at_ns : id < other.id;
    }
  };

  void run();
  void fire_first(std::unique_lock<std::mutex>& lock, std::uint64_t now);
  void give_back(Id id, Fire& fire);

  [[nodiscard]] Entry& entry(Id id) noexcept;
  [[nodiscard]] std::uint32_t take_index();
  void free_entry(Id id);
  void put(std::size_t place, const Node& node) noexcept;
  void rise(std::size_t place, const Node& node) noexcept;
  void sink(std::size_t place, const Node& node) noexcept;
  void push(const Node& node);
  void erase(std::size_t place) noexcept;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Node> heap_;
  std::vector<std::unique_ptr<std::array<Entry, chunk_entries>>> chunks_;
  std::vector<std::uint32_t> free_;
  Id next_count_ = 1;
  std::uint64_t sleeps_until_ns_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace host::runtime
