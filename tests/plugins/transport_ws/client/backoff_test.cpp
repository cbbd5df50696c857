// tests/plugins/transport_ws/client/backoff_test.cpp - doubling, bounded, jittered, finite.
#include "client/backoff.hpp"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

namespace transport_ws::client {
namespace {

TEST(Backoff, StaysBelowADoublingBound) {
  for (int round = 0; round < 50; ++round) {
    Backoff backoff({.initial_ms = 100, .max_ms = 1000});
    for (const std::uint32_t bound : {100U, 200U, 400U, 800U, 1000U, 1000U}) {
      EXPECT_LE(*backoff.next_ms(), bound);
    }
  }
}

TEST(Backoff, IsSpreadOverTheWholeRange) {
  std::set<std::uint32_t> waits;
  for (int i = 0; i < 200; ++i) {
    waits.insert(*Backoff({.initial_ms = 1000, .max_ms = 1000}).next_ms());
  }
  EXPECT_GT(waits.size(), 50U);
  EXPECT_LT(*waits.begin(), 200U);
  EXPECT_GT(*waits.rbegin(), 800U);
}

TEST(Backoff, EndsAfterItsTriesAndBeginsAgain) {
  Backoff backoff({.initial_ms = 1, .max_ms = 1, .retries_max = 2});
  EXPECT_TRUE(backoff.next_ms());
  EXPECT_TRUE(backoff.next_ms());
  EXPECT_FALSE(backoff.next_ms());
  backoff.reset();
  EXPECT_TRUE(backoff.next_ms());
}

TEST(Backoff, NeverOverflows) {
  Backoff backoff({.initial_ms = 100, .max_ms = 30'000});
  std::uint32_t highest = 0;
  for (int i = 0; i < 1000; ++i) {
    highest = std::max(highest, *backoff.next_ms());
  }
  EXPECT_LE(highest, 30'000U);
}

}  // namespace
}  // namespace transport_ws::client
