// tests/host/runtime/batch_clock_test.cpp - a batch begins when the one right before it ended, and
// at no other time of the past.
#include "host/runtime/batch_clock.hpp"

#include <future>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace host::runtime {
namespace {

class BatchClocks : public testing::Test {
 protected:
  ~BatchClocks() override { EXPECT_EQ(runtime_.stop(now_ns() + 10'000'000'000), 0U); }

  Runtime runtime_{1, 1};
};

TEST_F(BatchClocks, ABatchBeginsWhenTheOneRightBeforeItEnded) {
  std::uint64_t ended = 0;
  std::promise<std::uint64_t> begun;
  const auto second = runtime_.make_strand([&] {
    begun.set_value(BatchClock::begin());
    return false;
  });
  const auto first = runtime_.make_strand([&] {
    second->schedule();
    ended = BatchClock::end();
    return false;
  });
  first->schedule();
  EXPECT_EQ(begun.get_future().get(), ended);
}

TEST_F(BatchClocks, ABodyThatDoesNotLookLeavesNothingBehind) {
  std::uint64_t ended = 0;
  std::promise<std::uint64_t> begun;
  const auto third = runtime_.make_strand([&] {
    begun.set_value(BatchClock::begin());
    return false;
  });
  const auto second = runtime_.make_strand([&] {
    third->schedule();
    return false;
  });
  const auto first = runtime_.make_strand([&] {
    second->schedule();
    ended = BatchClock::end();
    return false;
  });
  first->schedule();
  EXPECT_GT(begun.get_future().get(), ended);
}

// A search takes time; what it finds begins when it was found.
TEST(BatchClock, AfterALookElsewhereItIsTheClock) {
  Scheduler scheduler({.workers = 1, .spin_ns = 0, .watch = {}});
  scheduler.start();
  const std::string name = "test";
  std::promise<void> ran;
  const auto first = Strand::make(
      scheduler,
      [&] {
        static_cast<void>(BatchClock::end());
        ran.set_value();
        return false;
      },
      name);
  first->schedule();
  ran.get_future().wait();
  while (scheduler.unwatch()) {  // until the worker sleeps
    std::this_thread::yield();
  }
  std::promise<std::uint64_t> begun;
  const auto second = Strand::make(
      scheduler,
      [&] {
        begun.set_value(BatchClock::begin());
        return false;
      },
      name);
  const std::uint64_t asked = now_ns();
  second->schedule();
  EXPECT_GE(begun.get_future().get(), asked);
  EXPECT_EQ(scheduler.stop(now_ns() + 10'000'000'000), 0U);
}

TEST(BatchClock, OutsideOfWorkersItIsTheClock) {
  const std::uint64_t before = now_ns();
  EXPECT_GE(BatchClock::begin(), before);
  EXPECT_GE(BatchClock::end(), before);
}

}  // namespace
}  // namespace host::runtime
