// tests/bench/race/measure.hpp - clock, processors and the loops that all peers share.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <sched.h>
#include <thread>
#include <vector>

#include "tests/bench/plugins/board.h"
#include "tests/bench/race/contender.hpp"

namespace bench {

inline constexpr std::uint32_t capacity = 1'024;  // messages, of every bounded queue and channel
inline constexpr std::uint32_t batch = 256;       // messages before the other side gets its turn

// Words are counted up, as bench_fill() and bench_sum() of the plugins do it.
template <std::uint32_t Bytes>
struct Message {
  std::array<std::uint64_t, Bytes / 8> words;

  void fill(std::uint64_t seq) noexcept { bench_fill(words.data(), Bytes, seq); }

  [[nodiscard]] std::uint64_t sum() const noexcept { return bench_sum(words.data(), Bytes); }
};

inline double per_operation(std::uint64_t begin_ns, std::uint64_t end_ns, std::uint64_t count) {
  return static_cast<double>(end_ns - begin_ns) / static_cast<double>(count);
}

// The processors this thread, and every thread it starts, may use. Restores them at the end.
class Processors {
 public:
  // The n-th processor this thread may use, alone.
  explicit Processors(unsigned nth) {
    sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    const int usable = CPU_COUNT(&before_);
    int wanted = usable > 0 ? static_cast<int>(nth) % usable : 0;
    for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &before_) && wanted-- == 0) {
        CPU_SET(cpu, &one);
      }
    }
    sched_setaffinity(0, sizeof one, &one);
    number_ = static_cast<unsigned>(sched_getcpu());
  }

  // Its number, for sched_setaffinity().
  [[nodiscard]] unsigned number() const noexcept { return number_; }

  Processors(const Processors&) = delete;
  Processors& operator=(const Processors&) = delete;

  ~Processors() { sched_setaffinity(0, sizeof before_, &before_); }

 private:
  cpu_set_t before_{};
  unsigned number_ = 0;
};

// Keeps `value` from being optimised away.
template <typename Value>
void keep(const Value& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

// One thread: push a batch, pop it. `push(seq)` answers nothing, `pop(sum)` takes one message or a
// bulk of them, adds them up and answers how many.
template <typename Push, typename Pop>
Sample push_and_pop(std::uint64_t count, std::uint32_t bytes, Push push, Pop pop) {
  std::uint64_t sum = 0;
  const std::uint64_t begin = bench_now_ns();
  for (std::uint64_t sent = 0; sent < count;) {
    const std::uint64_t now = std::min<std::uint64_t>(batch, count - sent);
    for (std::uint64_t i = 0; i < now; ++i) {
      push(sent + i);
    }
    sent += now;
    for (std::uint64_t popped = 0; popped < now;) {
      popped += pop(sum);
    }
  }
  const std::uint64_t end = bench_now_ns();
  expect_equal(sum, bench_expected(count, bytes), "checksum");
  return {per_operation(begin, end, count), 0};
}

// `producers` threads push `count` messages together; this thread pops. Producer p calls
// push(p, seq) for its own 0 .. n - 1.
template <typename Push, typename Pop>
Sample across_threads(std::uint64_t count, unsigned producers, std::uint32_t bytes, Push push,
                      Pop pop) {
  std::atomic<unsigned> ready{0};
  std::atomic<bool> go{false};
  std::vector<std::thread> threads;
  const std::uint64_t each = std::max<std::uint64_t>(count / producers, 1);
  for (unsigned p = 0; p < producers; ++p) {
    threads.emplace_back([&, p] {
      ready.fetch_add(1);
      while (!go.load(std::memory_order_acquire)) {
        std::this_thread::yield();
      }
      for (std::uint64_t seq = 0; seq < each; ++seq) {
        push(p, seq);
      }
    });
  }
  while (ready.load() < producers) {
    std::this_thread::yield();
  }
  std::uint64_t sum = 0;
  const std::uint64_t begin = bench_now_ns();
  go.store(true, std::memory_order_release);
  for (std::uint64_t popped = 0; popped < each * producers;) {
    popped += pop(sum);
  }
  const std::uint64_t end = bench_now_ns();
  for (std::thread& thread : threads) {
    thread.join();
  }
  expect_equal(sum, producers * bench_expected(each, bytes), "checksum");
  return {per_operation(begin, end, each * producers), 0};
}

}  // namespace bench
