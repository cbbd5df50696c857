// tests/host/runtime/blocking_pool_test.cpp - bounded threads, a bounded queue, an honest stop.
#include "host/runtime/blocking_pool.hpp"

#include <atomic>
#include <latch>
#include <memory>

#include <gtest/gtest.h>

#include "host/runtime/runtime.hpp"

namespace host::runtime {
namespace {

TEST(BlockingPool, RunsAtMostSoManyJobsAtOnce) {
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  std::latch done(64);
  {
    BlockingPool pool(3);
    for (int i = 0; i < 64; ++i) {
      ASSERT_TRUE(pool.submit([&] {
        const int now = ++running;
        int seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        --running;
        done.count_down();
      }));
    }
    done.wait();
  }
  EXPECT_LE(most, 3);
}

TEST(BlockingPool, RefusesJobsAboveItsQueue) {
  std::latch release(1);
  std::latch entered(1);
  BlockingPool pool(1);
  ASSERT_TRUE(pool.submit([&] {
    entered.count_down();
    release.wait();
  }));
  entered.wait();
  for (std::size_t i = 0; i < blocking_queue_max; ++i) {
    ASSERT_TRUE(pool.submit([] {}));
  }
  EXPECT_FALSE(pool.submit([] {}));
  release.count_down();
}

TEST(BlockingPool, StopDropsWhatWaitsAndTellsWhatRuns) {
  std::latch release(1);
  std::latch entered(1);
  std::atomic<bool> second_ran{false};
  BlockingPool pool(1);
  ASSERT_TRUE(pool.submit([&] {
    entered.count_down();
    release.wait();
  }));
  entered.wait();
  ASSERT_TRUE(pool.submit([&] { second_ran = true; }));
  EXPECT_EQ(pool.stop(now_ns()), 1U);
  release.count_down();
  EXPECT_EQ(pool.stop(now_ns() + 10'000'000'000), 0U);
  EXPECT_FALSE(second_ran);
  EXPECT_FALSE(pool.submit([] {}));
}

TEST(BlockingPool, WhatAJobHoldsMayUseThePoolWhenItIsLetGo) {
  BlockingPool pool(1);
  std::latch submitted(2);

  struct Submits {
    BlockingPool& pool;
    std::latch& submitted;

    ~Submits() {
      (void)pool.submit([] {});  // would wait for itself, were the pool's lock held
      submitted.count_down();
    }
  };

  ASSERT_TRUE(pool.submit([held = std::make_shared<Submits>(pool, submitted)] {}));
  std::latch release(1);
  std::latch entered(1);
  ASSERT_TRUE(pool.submit([&] {
    entered.count_down();
    release.wait();
  }));
  entered.wait();
  ASSERT_TRUE(pool.submit([held = std::make_shared<Submits>(pool, submitted)] {}));
  EXPECT_EQ(pool.stop(now_ns()), 1U);
  submitted.wait();
  release.count_down();
}

}  // namespace
}  // namespace host::runtime
