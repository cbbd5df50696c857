// tests/host/runtime/runtime_test.cpp - the parts together: post, names, stop, and nothing when
// idle.
#include "host/runtime/runtime.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <latch>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace host::runtime {
namespace {

TEST(Runtime, PostedTasksKeepTheirOrder) {
  Runtime runtime(1, 1);
  std::promise<void> done;
  std::vector<int> order;
  runtime.post([&] {
    for (int i = 0; i < 600; ++i) {  // more than a worker's ring holds
      runtime.post([&, i] {
        order.push_back(i);
        if (order.size() == 600) {
          done.set_value();
        }
      });
    }
  });
  done.get_future().wait();
  // What flows over from the ring goes behind what came from other threads, of which there is
  // none: so every task ran, and the first of the ring first.
  EXPECT_EQ(order.size(), 600U);
  std::vector<int> first(order.begin(), order.begin() + 10);
  EXPECT_TRUE(std::ranges::is_sorted(first));
  EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
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

TEST(Runtime, StopLetsGoOfWhatWaits) {
  const auto held = std::make_shared<int>(0);
  std::latch release(1);
  std::latch entered(1);
  Runtime runtime(1, 1);
  runtime.post([&, held] {
    for (int i = 0; i < 1'000; ++i) {
      runtime.post([held] {});
    }
    entered.count_down();
    release.wait();
  });
  entered.wait();
  EXPECT_EQ(runtime.stop(now_ns()), 1U);
  EXPECT_EQ(held.use_count(), 2);  // of the one that runs
  runtime.post([held] {});
  EXPECT_EQ(held.use_count(), 2);
  release.count_down();
  EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
}

TEST(Runtime, MayGoBeforeItsThreadsBegan) {
  for (int i = 0; i < 200; ++i) {
    Runtime runtime(3, 1);
  }
}

#if defined(__linux__)
// Context switches of the runtime's threads.
std::uint64_t switches() {
  std::uint64_t sum = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    if (!name.starts_with("bp-")) {
      continue;
    }
    std::ifstream status(task.path() / "status");
    for (std::string line; std::getline(status, line);) {
      if (line.find("ctxt_switches") != std::string::npos) {
        sum += std::stoull(line.substr(line.find(':') + 1));
      }
    }
  }
  return sum;
}

// A thread that does nothing is never switched to: neither the timer thread nor the watchdog ticks.
// Time is what is measured here, so the sleeps are no synchronisation.
TEST(Runtime, DoesNothingAtAllWhenIdle) {
  Runtime::Options options;
  options.workers = 2;
  options.watchdog.handler_deadline_ns = 40'000'000;  // the watchdog rests sooner
  Runtime runtime(std::move(options));
  std::promise<void> ran;
  runtime.post([&] { ran.set_value(); });
  ran.get_future().wait();
  bool idle = false;
  for (int tries = 0; tries < 50 && !idle; ++tries) {
    const std::uint64_t before = switches();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    idle = switches() == before;
  }
  ASSERT_TRUE(idle);
  const std::uint64_t before = switches();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(switches(), before);
  EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
}
#endif

}  // namespace
}  // namespace host::runtime
