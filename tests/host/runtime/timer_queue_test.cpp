// tests/host/runtime/timer_queue_test.cpp - timers fire in order, merge what they missed, and can
// be cancelled.
#include "host/runtime/timer_queue.hpp"

#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <vector>

#include <gtest/gtest.h>

#include "host/runtime/runtime.hpp"

namespace host::runtime {
namespace {

TEST(TimerQueue, FiresInTheOrderOfTime) {
  TimerQueue timers;
  std::mutex mutex;
  std::vector<int> order;
  std::promise<void> last;
  const std::uint64_t now = now_ns();
  const auto note = [&](int number) {
    const std::lock_guard lock(mutex);
    order.push_back(number);
    if (order.size() == 3) {
      last.set_value();
    }
  };
  timers.add(now + 30'000'000, 0, [&](std::uint64_t) { note(3); });
  timers.add(now + 10'000'000, 0, [&](std::uint64_t) { note(1); });
  timers.add(now + 20'000'000, 0, [&](std::uint64_t) { note(2); });
  last.get_future().wait();
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

TEST(TimerQueue, ACancelledTimerDoesNotFire) {
  TimerQueue timers;
  std::promise<void> later;
  bool fired = false;
  const auto id = timers.add(now_ns() + 5'000'000, 0, [&](std::uint64_t) { fired = true; });
  EXPECT_TRUE(timers.cancel(id));
  EXPECT_FALSE(timers.cancel(id));
  timers.add(now_ns() + 10'000'000, 0, [&](std::uint64_t) { later.set_value(); });
  later.get_future().wait();
  EXPECT_FALSE(fired);
}

TEST(TimerQueue, MergesExpirationsThatAreLongPast) {
  TimerQueue timers;
  std::promise<std::uint64_t> first;
  std::atomic<bool> told{false};
  const auto id = timers.add(now_ns() - 10'000'000, 1'000'000, [&](std::uint64_t count) {
    if (!told.exchange(true)) {
      first.set_value(count);
    }
  });
  EXPECT_GE(first.get_future().get(), 10U);
  timers.cancel(id);
}

TEST(TimerQueue, AHundredThousandTimersAreAddedAndCancelled) {
  TimerQueue timers;
  std::vector<TimerQueue::Id> ids;
  const std::uint64_t far = now_ns() + 3'600'000'000'000;
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    ids.push_back(timers.add(far + i, 0, [](std::uint64_t) {}));
  }
  for (const TimerQueue::Id id : ids) {
    EXPECT_TRUE(timers.cancel(id));
  }
}

TEST(TimerQueue, StopLetsGoOfWhatWaitingCallbacksHold) {
  const auto held = std::make_shared<int>(1);
  TimerQueue timers;
  timers.add(now_ns() + 3'600'000'000'000, 0, [held](std::uint64_t) {});
  EXPECT_EQ(held.use_count(), 2);
  timers.stop();
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace host::runtime
