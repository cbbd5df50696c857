// tests/sdk/cpp/concurrent_queue_test.cpp - threads and the strand at one bounded queue.
#include "backplane/cpp/concurrent_queue.hpp"

#include <atomic>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "backplane/cpp/select.hpp"

#include "in_task.hpp"

using namespace std::chrono_literals;

namespace {

constexpr int items_each = 2000;

TEST(ConcurrentQueue, BringsEveryItemOfManyThreadsInTheirOrder) {
  tests::Stage stage;
  bp::concurrent_queue<std::pair<int, int>> queue(stage.cx().strand(), 8);
  std::vector<int> next(3, 0);
  std::atomic<bool> ended{false};
  stage.run([&](bp::context&) -> bp::task<void> {
    while (const auto item = co_await queue.pop()) {
      EXPECT_EQ(item->second, next[static_cast<std::size_t>(item->first)]++);
    }
    ended = true;
  });
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 3; ++thread) {
    threads.emplace_back([queue, thread] {
      for (int i = 0; i < items_each; ++i) {
        EXPECT_TRUE(queue.push_wait({thread, i}));
      }
    });
  }
  EXPECT_TRUE(stage.host().pump_until(
      [&] { return std::accumulate(next.begin(), next.end(), 0) == 3 * items_each; }));
  queue.close();
  EXPECT_TRUE(stage.host().pump_until([&] { return ended.load(); }));
}

TEST(ConcurrentQueue, HoldsTheStrandBackUntilAThreadHasTaken) {
  tests::Stage stage;
  bp::concurrent_queue<std::unique_ptr<int>> queue(stage.cx().strand(), 4);
  std::atomic<bool> pushed{false};
  stage.run([&](bp::context&) -> bp::task<void> {
    for (int i = 0; i < items_each; ++i) {
      EXPECT_TRUE(co_await queue.push(std::make_unique<int>(i)));
    }
    queue.close();
    pushed = true;
  });
  EXPECT_EQ(queue.size(), 4U);
  int taken = 0;
  {
    const std::jthread worker([&taken, queue] {
      while (const auto item = queue.pop_wait()) {
        EXPECT_EQ(**item, taken++);
      }
    });
    EXPECT_TRUE(stage.host().pump_until([&] { return pushed.load(); }));
  }
  EXPECT_EQ(taken, items_each);
}

TEST(ConcurrentQueue, GivesUpAtTheTimeout) {
  tests::Stage stage;
  bp::concurrent_queue<int> queue(stage.cx().strand(), 1);
  EXPECT_FALSE(queue.pop_wait(1ms));
  EXPECT_TRUE(queue.try_push(1));
  EXPECT_FALSE(queue.try_push(2));
  EXPECT_FALSE(queue.push_wait(2, 1ms));
  EXPECT_EQ(queue.try_pop(), 1);
  queue.close();
  EXPECT_FALSE(queue.push_wait(3));
  EXPECT_FALSE(queue.pop_wait());
  EXPECT_TRUE(queue.closed());
}

TEST(ConcurrentQueue, LeavesARefusedItemWithItsOwner) {
  tests::Stage stage;
  bp::concurrent_queue<std::unique_ptr<int>> queue(stage.cx().strand(), 1);
  auto item = std::make_unique<int>(5);
  queue.close();
  EXPECT_FALSE(queue.try_push(std::move(item)));
  EXPECT_FALSE(queue.push_wait(std::move(item)));
  ASSERT_NE(item, nullptr);
}

TEST(ConcurrentQueue, ACancelledTaskPassesItsTurnOn) {
  tests::Stage stage;
  bp::concurrent_queue<int> queue(stage.cx().strand(), 4);
  int got = 0;
  stage.run([&](bp::context& cx) -> bp::task<void> {
    (void)co_await bp::select(cx.sleep(1s), queue.pop());
  });
  stage.run([&](bp::context&) -> bp::task<void> { got = *co_await queue.pop(); });
  stage.host().advance(1s);
  std::jthread([queue] { EXPECT_TRUE(queue.try_push(5)); }).join();
  EXPECT_TRUE(stage.host().pump_until([&] { return got == 5; }));
}

TEST(ConcurrentQueue, OutlivesTheInstance) {
  std::optional<bp::concurrent_queue<int>> queue;
  {
    tests::Stage stage;
    queue.emplace(stage.cx().strand(), 4);
    stage.run([&](bp::context&) -> bp::task<void> { (void)co_await queue->pop(); });
    ASSERT_TRUE(stage.host().stop());
  }
  EXPECT_TRUE(queue->try_push(1));
  EXPECT_EQ(queue->pop_wait(), 1);
}

}  // namespace
