// tests/host/runtime/sleepers_test.cpp - one wake a sleep, none while somebody searches, none lost.
#include "host/runtime/sleepers.hpp"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace host::runtime {
namespace {

TEST(Sleepers, OneIsWokenOnceAndThenSearches) {
  Sleepers sleepers;
  sleepers.wake_one();  // nobody there: no wake is kept for later
  sleepers.lie_down(false);
  sleepers.lie_down(false);
  EXPECT_EQ(sleepers.sleeping(), 2U);
  sleepers.wake_one();
  sleepers.wake_one();  // one searches now, so the other sleeps on
  EXPECT_EQ(sleepers.sleeping(), 1U);
  sleepers.wait();  // does not block: the wake is for it
  EXPECT_TRUE(sleepers.end_search());
  sleepers.wake_one();
  EXPECT_EQ(sleepers.sleeping(), 0U);
  sleepers.wait();
  EXPECT_FALSE(sleepers.end_search());
}

TEST(Sleepers, WhoFindsWorkGetsUpUnlessAWakeIsOnItsWay) {
  Sleepers sleepers;
  sleepers.lie_down(false);
  sleepers.lie_down(false);
  EXPECT_TRUE(sleepers.get_up());
  EXPECT_EQ(sleepers.sleeping(), 1U);
  sleepers.wake_one();  // who got up searches, and looks for the other when it has found something
  EXPECT_EQ(sleepers.sleeping(), 1U);
  EXPECT_TRUE(sleepers.end_search());
  sleepers.wake_one();
  EXPECT_EQ(sleepers.sleeping(), 0U);
  EXPECT_FALSE(sleepers.get_up());
  sleepers.wait();
  EXPECT_FALSE(sleepers.end_search());
}

TEST(Sleepers, AtMostHalfOfTheWorkersSearch) {
  Sleepers sleepers;
  EXPECT_TRUE(sleepers.begin_search(4));
  EXPECT_TRUE(sleepers.begin_search(4));
  EXPECT_FALSE(sleepers.begin_search(4));
  sleepers.lie_down(true);
  EXPECT_FALSE(sleepers.end_search() && sleepers.sleeping() == 0);
  EXPECT_TRUE(sleepers.begin_search(4));
}

// The scheduler's protocol in small: makers add to a counter, workers take from it or sleep. A lost
// wake leaves work behind and the test hangs.
TEST(Sleepers, NoWakeIsLost) {
  constexpr int rounds = 30'000;
  constexpr unsigned workers = 3;
  Sleepers sleepers;
  std::atomic<int> work{0};
  std::atomic<int> done{0};
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (unsigned w = 0; w < workers; ++w) {
    threads.emplace_back([&] {
      bool searching = false;
      while (!stop.load()) {
        int there = work.load();
        bool found = false;
        while (there > 0 && !(found = work.compare_exchange_weak(there, there - 1))) {
        }
        if (found) {
          if (std::exchange(searching, false) && sleepers.end_search() && work.load() > 0) {
            sleepers.wake_one();
          }
          done.fetch_add(1);
          continue;
        }
        sleepers.lie_down(std::exchange(searching, false));
        if ((work.load() == 0 && !stop.load()) || !sleepers.get_up()) {
          sleepers.wait();
        }
        searching = true;
      }
    });
  }
  for (int i = 0; i < rounds; ++i) {
    work.fetch_add(1);
    sleepers.wake_one();
    if (i % 4 == 0) {
      while (done.load() < i + 1) {  // all is done and the workers lie down, sooner or later
        std::this_thread::yield();
      }
    }
  }
  while (done.load() < rounds) {
    std::this_thread::yield();
  }
  stop = true;
  sleepers.wake_all(workers);
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(done.load(), rounds);
}

}  // namespace
}  // namespace host::runtime
