// tests/sdk/kit/backoff_test.cpp - delays that grow, stay below the cap, and differ.
#include "backplane/kit/backoff.hpp"

#include <chrono>
#include <set>

#include <gtest/gtest.h>

using namespace std::chrono_literals;

namespace {

TEST(Backoff, DoublesItsCeilingUpToTheCap) {
  bp::kit::backoff backoff(100ms, 1s, 1);
  std::vector<std::chrono::nanoseconds> ceilings;
  for (int i = 0; i < 6; ++i) {
    ceilings.push_back(backoff.ceiling());
    EXPECT_LE(backoff.next(), ceilings.back());
  }
  EXPECT_EQ(ceilings, (std::vector<std::chrono::nanoseconds>{100ms, 200ms, 400ms, 800ms, 1s, 1s}));
  backoff.reset();
  EXPECT_EQ(backoff.ceiling(), 100ms);
}

TEST(Backoff, NeverOverflows) {
  bp::kit::backoff backoff(1h, 24h, 7);
  for (int i = 0; i < 200; ++i) {
    const auto delay = backoff.next();
    EXPECT_GE(delay, 0ns);
    EXPECT_LE(delay, 24h);
  }
}

TEST(Backoff, ScattersThoseThatFailedTogether) {
  std::set<std::int64_t> delays;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    delays.insert(bp::kit::backoff(1s, 10s, seed).next().count());
  }
  EXPECT_GT(delays.size(), 95U);
}

}  // namespace
