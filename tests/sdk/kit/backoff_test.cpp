// tests/sdk/kit/backoff_test.cpp - delays that grow, stay below the cap, and differ.
#include "backplane/kit/backoff.hpp"

#include <chrono>
#include <set>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

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

TEST(Backoff, UsesTheWholeJitter) {
  bp::kit::backoff backoff(1s, 1s, 3);
  int low = 0;
  int high = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto delay = backoff.next();
    low += delay < 250ms ? 1 : 0;
    high += delay > 750ms ? 1 : 0;
  }
  EXPECT_NEAR(low, 250, 75);
  EXPECT_NEAR(high, 250, 75);
}

RC_GTEST_PROP(Backoff, IsTheSameForTheSameSeedAndBelowItsCeiling,
              (std::int64_t first, std::int64_t cap, std::uint64_t seed)) {
  bp::kit::backoff a(std::chrono::nanoseconds(first), std::chrono::nanoseconds(cap), seed);
  bp::kit::backoff b(std::chrono::nanoseconds(first), std::chrono::nanoseconds(cap), seed);
  auto ceiling = 0ns;
  for (int i = 0; i < 70; ++i) {
    RC_ASSERT(a.ceiling() >= ceiling);
    ceiling = a.ceiling();
    const auto delay = a.next();
    RC_ASSERT(delay == b.next());
    RC_ASSERT(delay >= 0ns && delay <= ceiling);
  }
}

}  // namespace
