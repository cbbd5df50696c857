// tests/host/runtime/strand_test.cpp - never twice at once, no wake missed, deleted exactly once.
#include "host/runtime/strand.hpp"

#include <atomic>
#include <future>
#include <latch>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "host/runtime/runtime.hpp"
#include "tests/host/runtime/allocation_count.hpp"

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
  EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
}

// Plain memory: only schedule() and the start of a run order the two sides.
TEST(Strand, SeesWhatWasWrittenBeforeItWasScheduled) {
  Runtime runtime(2, 1);
  int letter = 0;
  std::atomic<int> read{0};
  const auto strand = runtime.make_strand([&] {
    read.store(letter);
    return false;
  });
  for (int i = 1; i <= 20'000; ++i) {
    letter = i;
    strand->schedule();
    while (read.load() != i) {
      std::this_thread::yield();
    }
  }
  EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
}

TEST(Strand, SaysWhetherItRuns) {
  Runtime runtime(1, 1);
  std::latch entered(1);
  std::latch release(1);
  const auto strand = runtime.make_strand(
      [&] {
        entered.count_down();
        release.wait();
        return false;
      },
      "a");
  EXPECT_EQ(strand->name(), "a");
  EXPECT_FALSE(strand->running());
  strand->schedule();
  entered.wait();
  EXPECT_TRUE(strand->running());
  release.count_down();
  while (strand->running()) {
    std::this_thread::yield();
  }
  EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
}

TEST(Strand, RunsOnceMoreAndIsDeletedWhenItsOwnerLetGo) {
  Runtime runtime(1, 1);
  auto held = std::make_shared<std::atomic<int>>(0);
  std::latch entered(1);
  std::latch release(1);
  auto strand = runtime.make_strand([held, &entered, &release] {
    if (held->fetch_add(1) == 0) {
      entered.count_down();
      release.wait();
    }
    return false;
  });
  strand->schedule();
  entered.wait();
  strand->schedule();
  strand.reset();
  release.count_down();
  while (held.use_count() != 1) {
    std::this_thread::yield();
  }
  EXPECT_EQ(*held, 2);
  EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
}

TEST(Strand, ItsLastOwnerMayBeItsOwnBody) {
  Runtime runtime(2, 1);
  const auto held = std::make_shared<int>(0);

  struct Owner {
    std::shared_ptr<Strand> strand;
    std::atomic<bool> let_go{false};
  };

  for (int i = 0; i < 1'000; ++i) {
    auto owner = std::make_shared<Owner>();
    owner->strand = runtime.make_strand([held, owner] {
      while (!owner->let_go.load()) {
        std::this_thread::yield();
      }
      owner->strand.reset();
      return false;
    });
    owner->strand->schedule();
    owner->let_go = true;
  }
  while (held.use_count() != 1) {
    std::this_thread::yield();
  }
  EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
}

TEST(Strand, IsDeletedOnceWhoeverIsLast) {
  Runtime runtime(3, 1);
  const auto held = std::make_shared<int>(0);
  for (int i = 0; i < 5'000; ++i) {
    auto strand = runtime.make_strand([held] { return false; });
    std::thread other;
    if (i % 50 == 0) {
      other = std::thread([strand] { strand->schedule(); });
    }
    strand->schedule();
    strand.reset();
    if (other.joinable()) {
      other.join();
    }
  }
  while (held.use_count() != 1) {
    std::this_thread::yield();
  }
  EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
}

TEST(Strand, OutlivesAStoppedRuntime) {
  const auto held = std::make_shared<int>(0);
  std::shared_ptr<Strand> queued;
  std::shared_ptr<Strand> again;
  {
    Runtime runtime(1, 1);
    std::latch entered(1);
    std::latch release(1);
    again = runtime.make_strand([&, held] {
      entered.count_down();
      release.wait();
      return true;
    });
    queued = runtime.make_strand([held] { return false; });
    again->schedule();
    entered.wait();
    queued->schedule();
    EXPECT_EQ(runtime.stop(now_ns()), 1U);
    release.count_down();
    EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
  }
  queued->schedule();
  again->schedule();
  queued.reset();
  again.reset();
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Strand, IsScheduledWithoutAllocation) {
  Runtime runtime(1, 1);
  std::promise<std::uint64_t> counted;
  std::vector<std::shared_ptr<Strand>> others;
  for (int i = 0; i < 100; ++i) {
    others.push_back(runtime.make_strand([] { return false; }));
  }
  const auto strand = runtime.make_strand([&] {
    const std::uint64_t before = allocations();
    for (const auto& other : others) {
      other->schedule();
      other->schedule();
    }
    counted.set_value(allocations() - before);
    return false;
  });
  const std::uint64_t before = allocations();
  strand->schedule();
  EXPECT_EQ(allocations(), before);
  EXPECT_EQ(counted.get_future().get(), 0U);
  EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
}

}  // namespace
}  // namespace host::runtime
