// tests/sdk/kit/token_bucket_test.cpp - the burst, the rate, and many threads at one bucket.
#include "backplane/kit/token_bucket.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

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

}  // namespace
