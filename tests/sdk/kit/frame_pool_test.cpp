// tests/sdk/kit/frame_pool_test.cpp - blocks come back, in any size, on any thread.
#include "backplane/kit/frame_pool.hpp"

#include <array>
#include <atomic>
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

TEST(ThreadFrames, KeepsABlockForTheSameThread) {
  void* first = bp::kit::thread_frames::allocate(300);
  bp::kit::thread_frames::release(first, 300);
  void* again = bp::kit::thread_frames::allocate(310);
  EXPECT_EQ(again, first);
  bp::kit::thread_frames::release(again, 310);
}

TEST(ThreadFrames, TakesABlockOfAnotherThread) {
  void* block = bp::kit::thread_frames::allocate(300);
  std::jthread([block] {
    std::memset(block, 1, 300);
    bp::kit::thread_frames::release(block, 300);
    void* again = bp::kit::thread_frames::allocate(300);
    EXPECT_EQ(again, block) << "it belongs to whoever released it";
    bp::kit::thread_frames::release(again, 300);
  }).join();
}

/// More threads than there are places, and blocks that wander between them.
TEST(ThreadFrames, ServesManyThreads) {
  constexpr std::size_t threads_count = 2 * bp::kit::detail::threads_max;
  std::array<std::atomic<void*>, 16> exchange{};
  std::atomic<bool> begin{false};
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < threads_count; ++i) {
      threads.emplace_back([&, i] {
        begin.wait(false);
        for (std::size_t round = 0; round < 200; ++round) {
          auto* block = static_cast<std::size_t*>(bp::kit::thread_frames::allocate(256));
          *block = i;
          EXPECT_EQ(*block, i);
          void* other = exchange[(i + round) % exchange.size()].exchange(block);
          if (other != nullptr) {
            bp::kit::thread_frames::release(other, 256);
          }
        }
      });
    }
    begin = true;
    begin.notify_all();
  }
  for (auto& each : exchange) {
    bp::kit::thread_frames::release(each.load(), 256);
  }
}

}  // namespace
