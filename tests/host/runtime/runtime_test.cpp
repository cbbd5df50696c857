// tests/host/runtime/runtime_test.cpp - a strand never runs twice at once and misses no wake.
#include "host/runtime/runtime.hpp"

#include <atomic>
#include <future>
#include <latch>

#include <gtest/gtest.h>

namespace host::runtime {
namespace {

TEST(Strand, RunsItsBodyOneAtATimeAndMissesNoWake) {
  Runtime runtime(4, 1);
  std::atomic<int> inside{0};
  std::atomic<bool> overlapped{false};
  std::atomic<int> pending{0};
  std::atomic<int> handled{0};
  std::promise<void> all;
  constexpr int wakes = 20'000;
  const auto strand = runtime.make_strand([&] {
    overlapped = overlapped || inside.fetch_add(1) != 0;
    const int taken = pending.exchange(0);
    inside.fetch_sub(1);
    if (taken > 0 && handled.fetch_add(taken) + taken == wakes) {
      all.set_value();
    }
    return false;
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < wakes / 4; ++i) {
        pending.fetch_add(1);
        strand->schedule();
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  all.get_future().wait();
  EXPECT_FALSE(overlapped);
  EXPECT_EQ(handled, wakes);
}

TEST(Strand, ABusyOneDoesNotStarveAnother) {
  Runtime runtime(1, 1);
  std::promise<void> other_ran;
  std::atomic<bool> stop{false};
  const auto busy = runtime.make_strand([&] { return !stop.load(); });
  const auto other = runtime.make_strand([&] {
    stop = true;
    other_ran.set_value();
    return false;
  });
  busy->schedule();
  other->schedule();
  other_ran.get_future().wait();
  EXPECT_TRUE(stop);
}

TEST(Runtime, ReplacesAtMostSoManyStuckWorkers) {
  Runtime runtime(1, 1);
  for (unsigned i = 0; i < replacement_threads_max; ++i) {
    EXPECT_TRUE(runtime.replace_stuck_worker());
  }
  EXPECT_FALSE(runtime.replace_stuck_worker());
}

TEST(Runtime, StopTellsHowManyAreStuck) {
  std::latch release(1);
  std::latch entered(1);
  {
    Runtime runtime(2, 1);
    runtime.post([&] {
      entered.count_down();
      release.wait();
    });
    entered.wait();
    // The idle worker needs a moment to leave; the stuck one never does.
    unsigned stuck = runtime.stop(now_ns());
    while (stuck > 1) {
      stuck = runtime.stop(now_ns() + 1'000'000);
    }
    EXPECT_EQ(stuck, 1U);
    release.count_down();
  }
}

}  // namespace
}  // namespace host::runtime
