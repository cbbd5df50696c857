// tests/plugins/storage_sqlite/kv/clock_test.cpp - nobody who sets the wall clock moves this one.
#include "kv/clock.hpp"

#include <gtest/gtest.h>

namespace storage_sqlite::kv {
namespace {

using namespace std::chrono_literals;

TEST(KvClock, FollowsTheSteadyClock) {
  const Clock::Steady::time_point began{};
  const Clock clock(0, 5'000, began);
  EXPECT_EQ(clock.now_ms(began), 5'000);
  EXPECT_EQ(clock.now_ms(began + 250ms), 5'250);
}

TEST(KvClock, BeginsAtTheMarkWhenTheWallClockWasSetBack) {
  const Clock::Steady::time_point began{};
  EXPECT_EQ(Clock(9'000, 5'000, began).now_ms(began + 1s), 10'000);
  EXPECT_EQ(Clock(4'000, 5'000, began).now_ms(began + 1s), 6'000);
}

}  // namespace
}  // namespace storage_sqlite::kv
