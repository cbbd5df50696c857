// tests/host/message/pool_test.cpp - blocks are counted, bounded and reused.
#include "host/message/pool.hpp"

#include <array>
#include <barrier>
#include <cstring>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace host::message {
namespace {

TEST(Pool, GivesWhatWasAskedForAndCountsIt) {
  Pool pool;
  {
    const Ref small = pool.allocate(1);
    const Ref large = pool.allocate(100'000);
    ASSERT_TRUE(small);
    ASSERT_TRUE(large);
    EXPECT_GE(small.get()->capacity, 1U);
    EXPECT_GE(large.get()->capacity, 100'000U);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(large.get()->payload()) % 16, 0U);
    EXPECT_EQ(pool.bytes_in_use(), small.get()->capacity + large.get()->capacity);
  }
  EXPECT_EQ(pool.bytes_in_use(), 0U);
}

TEST(Pool, RefusesWhatIsAboveItsLimits) {
  Pool pool(1'000);
  EXPECT_FALSE(pool.allocate(block_bytes_max + 1));
  const Ref first = pool.allocate(512);
  EXPECT_TRUE(first);
  EXPECT_FALSE(pool.allocate(512)) << "512 + 512 is above the 1000 bytes of this pool";
}

TEST(Pool, UsesABlockAgain) {
  Pool pool;
  Block* first = nullptr;
  {
    const Ref block = pool.allocate(200);
    first = block.get();
  }
  EXPECT_EQ(pool.allocate(200).get(), first);
}

TEST(Pool, WhatLiesAtHandIsNotInUseAndGoesWhenItsRoomIsWanted) {
  Pool pool(1'100);
  {
    const Ref small = pool.allocate(512);
  }
  EXPECT_EQ(pool.bytes_in_use(), 0U);
  EXPECT_TRUE(pool.allocate(128)) << "beside the 512 that lie ready";
  EXPECT_TRUE(pool.allocate(600)) << "not beside them";
}

TEST(Pool, BlocksThatOtherThreadsGiveBackAreUsedAgain) {
  constexpr unsigned threads = 4;
  constexpr unsigned rounds = 5'000;
  Pool pool;
  std::array<std::vector<Ref>, threads> given;
  {
    std::barrier turn(threads);
    std::vector<std::jthread> all;
    for (unsigned me = 0; me < threads; ++me) {
      all.emplace_back([&, me] {
        for (unsigned round = 0; round < rounds; ++round) {
          if (round % 50 == 0) {
            turn.arrive_and_wait();
            given[(me + 1) % threads].clear();  // its owner is past the barrier too, and waits
            turn.arrive_and_wait();
          }
          Ref block = pool.allocate(1 + round * 37 % 1'000);
          ASSERT_TRUE(block);
          EXPECT_EQ(block.get()->references.load(), 1U);
          std::memset(block.get()->payload(), static_cast<int>(me), block.get()->capacity);
          given[me].push_back(std::move(block));
        }
      });
    }
  }
  for (const std::vector<Ref>& mine : given) {
    for (const Ref& block : mine) {
      EXPECT_EQ(std::to_integer<unsigned>(block.get()->payload()[0]),
                static_cast<unsigned>(&mine - given.data()));
    }
  }
  given = {};
  EXPECT_EQ(pool.bytes_in_use(), 0U);
}

TEST(Pool, KeepsABlockAsLongAsOneReferenceIsLeft) {
  Pool pool;
  const std::string text = "hello";
  Message message = copy_of(pool, std::as_bytes(std::span(text)));
  const Message copy = message;
  message = Message{};
  EXPECT_GT(pool.bytes_in_use(), 0U);
  EXPECT_EQ(std::memcmp(copy.data(), "hello", 5), 0);
}

}  // namespace
}  // namespace host::message
