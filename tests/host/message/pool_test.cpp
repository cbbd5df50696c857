// tests/host/message/pool_test.cpp - blocks are counted, bounded and reused.
#include "host/message/pool.hpp"

#include <cstring>

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
