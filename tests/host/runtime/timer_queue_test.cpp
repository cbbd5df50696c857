// tests/host/runtime/timer_queue_test.cpp - timers fire in order, merge what they missed, and can
// be cancelled.
#include "host/runtime/timer_queue.hpp"

#include <algorithm>
#include <atomic>
#include <future>
#include <latch>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "host/runtime/runtime.hpp"
#include "tests/host/runtime/allocation_count.hpp"

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

// Keeps the timer thread in a callback while timers are added that are due already: what it does
// then depends on nothing but those timers.
class Held {
 public:
  explicit Held(TimerQueue& timers) {
    timers.add(0, 0, [gate = gate_](std::uint64_t) {
      gate->entered.count_down();
      gate->release.wait();
    });
    gate_->entered.wait();
  }

  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  ~Held() { gate_->release.count_down(); }

 private:
  struct Gate {
    std::latch entered{1};
    std::latch release{1};
  };

  std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
};

struct Step {
  bool cancel;
  std::uint64_t number;
};

// The model is a multimap from time to the timer's number, which keeps equal times in order.
void fires_as_the_model(const std::vector<Step>& steps) {
  TimerQueue timers;
  std::vector<std::uint64_t> fired;
  std::promise<void> last;
  std::multimap<std::uint64_t, std::size_t> model;
  std::vector<std::pair<TimerQueue::Id, std::multimap<std::uint64_t, std::size_t>::iterator>> made;
  {
    std::optional<Held> held(std::in_place, timers);
    for (const Step& step : steps) {
      if (!step.cancel) {
        const std::size_t number = made.size();
        const std::uint64_t at = 1 + step.number % 50;
        made.emplace_back(
            timers.add(at, 0, [&fired, number](std::uint64_t) { fired.push_back(number); }),
            model.emplace(at, number));
      } else if (!made.empty()) {
        auto& [id, place] = made[step.number % made.size()];
        const bool there = place != model.end();
        RC_ASSERT(timers.cancel(id) == there);
        if (there) {
          model.erase(place);
          place = model.end();
        }
      }
    }
    RC_ASSERT(timers.size() == model.size());
    timers.add(1'000, 0, [&last](std::uint64_t) { last.set_value(); });
    held.reset();
    last.get_future().wait();
  }
  std::vector<std::uint64_t> expected;
  for (const auto& [at, number] : model) {
    expected.push_back(number);
  }
  RC_ASSERT(fired == expected);
  for (const auto& [id, place] : made) {
    RC_ASSERT(!timers.cancel(id));
  }
}

RC_GTEST_PROP(TimerQueue, FiresWhatAMultimapWouldHold, ()) {
  const auto step = rc::gen::construct<Step>(
      rc::gen::weightedElement<bool>({{2, false}, {1, true}}), rc::gen::arbitrary<std::uint64_t>());
  fires_as_the_model(*rc::gen::container<std::vector<Step>>(step));
}

TEST(TimerQueue, AHundredThousandTimersFireInOrderExceptTheCancelled) {
  constexpr std::size_t count = 100'000;
  TimerQueue timers;
  std::vector<std::uint64_t> fired;
  std::promise<void> last;
  {
    const Held held(timers);
    std::vector<TimerQueue::Id> ids;
    std::mt19937_64 random(1);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t at = 1 + random() % 1'000'000;
      ids.push_back(timers.add(at, 0, [&fired, at](std::uint64_t) { fired.push_back(at); }));
    }
    std::ranges::shuffle(ids, random);
    for (std::size_t i = 0; i < count / 2; ++i) {
      EXPECT_TRUE(timers.cancel(ids[i]));
    }
    timers.add(1'000'001, 0, [&last](std::uint64_t) { last.set_value(); });
  }
  last.get_future().wait();
  EXPECT_EQ(fired.size(), count / 2);
  EXPECT_TRUE(std::ranges::is_sorted(fired));
}

TEST(TimerQueue, AllocatesNothingInTheSteadyState) {
  TimerQueue timers;
  const auto held = std::make_shared<int>(0);
  const std::uint64_t far = now_ns() + 3'600'000'000'000;
  std::vector<TimerQueue::Id> ids(10'000);
  const auto round = [&] {
    for (TimerQueue::Id& id : ids) {
      id = timers.add(far, 0, [weak = std::weak_ptr(held)](std::uint64_t) {});
    }
    for (const TimerQueue::Id id : ids) {
      timers.cancel(id);
    }
  };
  round();
  const std::uint64_t before = allocations();
  round();
  EXPECT_EQ(allocations(), before);
}

TEST(TimerQueue, AnIdIsNeverUsedAgain) {
  TimerQueue timers;
  const std::uint64_t far = now_ns() + 3'600'000'000'000;
  const auto old = timers.add(far, 0, [](std::uint64_t) {});
  EXPECT_TRUE(timers.cancel(old));
  const auto next = timers.add(far, 0, [](std::uint64_t) {});
  EXPECT_NE(next, old);
  EXPECT_FALSE(timers.cancel(old));
  EXPECT_FALSE(timers.cancel(0));
  EXPECT_FALSE(timers.cancel(~TimerQueue::Id{0}));
  EXPECT_TRUE(timers.cancel(next));
}

TEST(TimerQueue, ARepeatedTimerMayCancelItself) {
  TimerQueue timers;
  std::promise<bool> cancelled;
  std::atomic<TimerQueue::Id> id{0};
  std::atomic<int> fired{0};
  id = timers.add(now_ns() + 1'000'000, 1'000'000, [&](std::uint64_t) {
    if (id != 0 && ++fired == 3) {
      cancelled.set_value(timers.cancel(id));
    }
  });
  EXPECT_TRUE(cancelled.get_future().get());
  std::promise<void> later;
  timers.add(now_ns() + 5'000'000, 0, [&](std::uint64_t) { later.set_value(); });
  later.get_future().wait();
  EXPECT_EQ(fired, 3);
  EXPECT_EQ(timers.size(), 0U);
}

TEST(TimerQueue, AnEarlierTimerCutsTheSleepShort) {
  TimerQueue timers;
  std::promise<void> early;
  timers.add(now_ns() + 3'600'000'000'000, 0, [](std::uint64_t) {});
  const auto soon = timers.add(now_ns() + 1'800'000'000'000, 0, [](std::uint64_t) {});
  timers.cancel(soon);
  timers.add(now_ns() + 1'000'000, 0, [&](std::uint64_t) { early.set_value(); });
  early.get_future().wait();
}

// Were it let go of under the queue's lock, this would wait for itself.
TEST(TimerQueue, WhatACallbackHoldsMayOwnTimers) {
  TimerQueue timers;

  struct Owner {
    TimerQueue& timers;
    TimerQueue::Id id;

    ~Owner() { timers.cancel(id); }
  };

  const std::uint64_t far = now_ns() + 3'600'000'000'000;
  const auto owner = [&] {
    return std::make_shared<Owner>(timers, timers.add(far, 0, [](std::uint64_t) {}));
  };
  const auto id = timers.add(far, 0, [held = owner()](std::uint64_t) {});
  EXPECT_TRUE(timers.cancel(id));
  std::promise<void> fired;
  timers.add(0, 0, [held = owner(), &fired](std::uint64_t) { fired.set_value(); });
  fired.get_future().wait();
  timers.add(far, 0, [held = owner()](std::uint64_t) {});
  timers.stop();
  EXPECT_EQ(timers.add(0, 0, [](std::uint64_t) {}), 0U);
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
