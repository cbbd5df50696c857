// tests/sdk/kit/token_bucket_test.cpp - the burst, the rate, and many threads at one bucket.
#include "backplane/kit/token_bucket.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;

TEST(TokenBucket, GivesTheBurstThenTheRate) {
  bp::kit::token_bucket bucket(10, 3);
  std::uint64_t now = 5 * second_ns;
  EXPECT_TRUE(bucket.try_take(now));
  EXPECT_TRUE(bucket.try_take(now, 2));
  EXPECT_FALSE(bucket.try_take(now));
  EXPECT_EQ(bucket.wait_ns(now), second_ns / 10);
  now += second_ns / 10;
  EXPECT_TRUE(bucket.try_take(now));
  EXPECT_FALSE(bucket.try_take(now));
}

TEST(TokenBucket, KeepsNoMoreThanTheBurst) {
  bp::kit::token_bucket bucket(10, 3);
  const std::uint64_t later = 1000 * second_ns;
  EXPECT_FALSE(bucket.try_take(later, 4));
  EXPECT_TRUE(bucket.try_take(later, 3));
  EXPECT_FALSE(bucket.try_take(later));
}

TEST(TokenBucket, ZeroMeansNoLimit) {
  bp::kit::token_bucket bucket(0, 0);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(bucket.try_take(1));
  }
}

TEST(TokenBucket, NeverGivesATokenTwice) {
  bp::kit::token_bucket bucket(1, 1000);
  std::atomic<int> taken{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 1000; ++n) {
          taken += bucket.try_take(second_ns) ? 1 : 0;
        }
      });
    }
  }
  EXPECT_EQ(taken.load(), 1000);
}

TEST(TokenBucket, KeepsRatesThatDoNotDivideASecond) {
  bp::kit::token_bucket bucket(300'000'000, 10);
  std::uint64_t taken = 0;
  for (std::uint64_t now = 1; now <= 3'000'000; ++now) {
    taken += bucket.try_take(now) ? 1U : 0U;
  }
  EXPECT_NEAR(static_cast<double>(taken), 900'000.0, 9'000.0) << "0.3 a nanosecond";
}

TEST(TokenBucket, StaysHonestWithHugeNumbers) {
  constexpr std::uint64_t most = ~std::uint64_t{0};
  bp::kit::token_bucket slow(1, most);
  EXPECT_TRUE(slow.try_take(second_ns, 1000));
  EXPECT_FALSE(slow.try_take(second_ns, most) && slow.try_take(second_ns, most));
  bp::kit::token_bucket fast(most, 5);
  EXPECT_FALSE(fast.try_take(0, most));
  EXPECT_TRUE(fast.try_take(most, 5));
  EXPECT_EQ(bp::kit::token_bucket(1, 2).wait_ns(0, 3), most) << "more than the burst: never";
}

/// A clock that jumps both ways, as threads see it that read it before they are preempted.
RC_GTEST_PROP(TokenBucket, IsNeverNegativeAndNeverGivesTooMuch, ()) {
  const auto rate = *rc::gen::inRange<std::uint64_t>(1, 2'000'000'000);
  const auto burst = *rc::gen::inRange<std::uint64_t>(0, 1000);
  bp::kit::token_bucket bucket(rate, burst);
  const std::uint64_t begin = 1000 * second_ns;
  std::uint64_t latest = begin;
  double given = 0;
  const auto steps = *rc::gen::container<std::vector<std::pair<int, std::uint8_t>>>(
      rc::gen::pair(rc::gen::inRange(-1'000'000, 50'000'000), rc::gen::arbitrary<std::uint8_t>()));
  for (const auto& [move, tokens] : steps) {
    const std::uint64_t now =
        std::max(begin, static_cast<std::uint64_t>(static_cast<std::int64_t>(latest) + move));
    latest = std::max(latest, now);
    const std::uint64_t before = bucket.available(now);
    const std::uint64_t wait_ns = bucket.wait_ns(now, tokens);
    RC_ASSERT(before <= burst);
    const bool took = bucket.try_take(now, tokens);
    RC_ASSERT(took == (tokens <= before));
    RC_ASSERT(took == (wait_ns == 0));
    RC_ASSERT(bucket.available(now) <= before);
    given += took ? tokens : 0;
    const double seconds = static_cast<double>(latest - begin) / 1e9;
    RC_ASSERT(given <= static_cast<double>(burst) + seconds * static_cast<double>(rate) + 1e-6);
    if (!took && wait_ns != ~std::uint64_t{0}) {
      RC_ASSERT(bucket.wait_ns(now + wait_ns, tokens) == 0U);
      RC_ASSERT(bucket.wait_ns(now + wait_ns - 1, tokens) > 0U);
    }
  }
}

TEST(TokenBucket, GivesManyThreadsNoMoreThanTheRate) {
  constexpr std::uint64_t burst = 50;
  constexpr std::uint64_t rate = 1'000'000;
  bp::kit::token_bucket bucket(rate, burst);
  std::atomic<std::uint64_t> now{second_ns};
  std::atomic<std::uint64_t> taken{0};
  std::atomic<bool> negative{false};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 5000; ++n) {
          const std::uint64_t at = now.fetch_add(100);
          taken += bucket.try_take(at, 2) ? 2 : 0;
          negative = negative || bucket.available(at) > burst;
        }
      });
    }
  }
  const std::uint64_t spent_ns = now.load() - second_ns;
  EXPECT_FALSE(negative);
  EXPECT_LE(taken.load(), burst + spent_ns * rate / second_ns);
  EXPECT_GE(taken.load(), burst);
}

}  // namespace
