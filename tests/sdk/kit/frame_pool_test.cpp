// tests/sdk/kit/frame_pool_test.cpp - blocks come back, in any size, from any thread.
#include "backplane/kit/frame_pool.hpp"

#include <cstring>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace {

TEST(FramePool, GivesAFreedBlockToTheNextOfItsSize) {
  bp::kit::frame_pool pool;
  void* first = pool.allocate(100);
  pool.release(first, 100);
  void* again = pool.allocate(120);  // the same class of 128 bytes
  EXPECT_EQ(again, first);
  void* other = pool.allocate(200);
  EXPECT_NE(other, first);
  pool.release(again, 120);
  pool.release(other, 200);
}

TEST(FramePool, TakesAnySize) {
  bp::kit::frame_pool pool;
  for (const std::size_t bytes : {0UL, 1UL, 64UL, 65UL, 2048UL, 2049UL, 100'000UL}) {
    void* block = pool.allocate(bytes);
    std::memset(block, 0xAB, bytes);
    pool.release(block, bytes);
  }
}

TEST(FramePool, KeepsABoundedNumber) {
  bp::kit::frame_pool pool;
  std::vector<void*> blocks;
  for (std::uint32_t i = 0; i < 3 * bp::kit::frame_pool::idle_blocks_max; ++i) {
    blocks.push_back(pool.allocate(64));
  }
  for (void* block : blocks) {
    pool.release(block, 64);  // the leak check of the sanitizer sees what is lost
  }
}

TEST(FramePool, ServesManyThreads) {
  bp::kit::frame_pool pool;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&pool] {
      for (int round = 0; round < 2000; ++round) {
        auto* block = static_cast<int*>(pool.allocate(256));
        *block = round;
        EXPECT_EQ(*block, round);
        pool.release(block, 256);
      }
    });
  }
}

}  // namespace
