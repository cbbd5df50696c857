// tests/bench/race/lookup.hpp - the names that every registry is asked for, and the asking.
#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "tests/bench/race/measure.hpp"

namespace bench {

inline constexpr std::size_t lookup_names_count = 64;

[[nodiscard]] inline std::vector<std::string> lookup_names() {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < lookup_names_count; ++i) {
    names.push_back(fmt::format("plugin.metrics.channel.{:04}", i));
  }
  return names;
}

// `find(name, index)` answers whether it found the right thing. Of two threads the second asks as
// fast as it can while the first is measured.
// `make()` gives each thread its own way of finding.
template <typename Make>
Sample look_up_each(std::uint64_t count, unsigned threads, Make make) {
  const std::vector<std::string> names = lookup_names();
  std::atomic<bool> running{false};
  std::atomic<bool> enough{threads < 2};
  std::thread other;
  if (threads == 2) {
    other = std::thread([&] {
      auto find = make();
      running.store(true);
      while (!enough.load(std::memory_order_relaxed)) {
        for (std::size_t i = 0; i < names.size(); ++i) {
          keep(find(names[i], i));
        }
      }
    });
    while (!running.load()) {
      std::this_thread::yield();
    }
  }
  auto find = make();
  std::uint64_t found = 0;
  const std::uint64_t begin = bench_now_ns();
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::size_t index = i % lookup_names_count;
    found += find(names[index], index) ? 1U : 0U;
  }
  const std::uint64_t end = bench_now_ns();
  enough.store(true);
  if (other.joinable()) {
    other.join();
  }
  expect_equal(found, count, "names found");
  return {per_operation(begin, end, count), 0};
}

template <typename Find>
Sample look_up(std::uint64_t count, unsigned threads, Find find) {
  return look_up_each(count, threads, [&find] { return find; });
}

}  // namespace bench
