// tests/sdk/cpp/timer_test.cpp - every, after, sleep, and work on the blocking pool.
#include "backplane/cpp/timer.hpp"

#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "in_task.hpp"

using namespace std::chrono_literals;

namespace {

TEST(Timer, TicksUntilItIsCancelled) {
  tests::Stage stage;
  int ticks = 0;
  bp::timer timer = stage.cx().every(1s, [&ticks] { ++ticks; });
  stage.host().advance(3500ms);
  EXPECT_EQ(ticks, 3);
  timer.cancel();
  stage.host().advance(5s);
  EXPECT_EQ(ticks, 3);
  timer.cancel();  // nothing is left to be cancelled
}

TEST(Timer, MergesTicksIntoTheTaskThatStillRuns) {
  tests::Stage stage;
  int begun = 0;
  stage.cx().every(1s, [&]() -> bp::task<void> {
    ++begun;
    co_await stage.cx().sleep(2500ms);
  });
  stage.host().advance(4s);
  EXPECT_EQ(begun, 2) << "at 1 s and at 4 s";
}

TEST(Timer, CancelsItselfFromItsOwnTick) {
  tests::Stage stage;
  int ticks = 0;
  bp::timer timer;
  timer = stage.cx().every(1s, [&] {
    ++ticks;
    timer.cancel();
  });
  stage.host().advance(5s);
  EXPECT_EQ(ticks, 1);
}

TEST(Timer, RunsOnceAfterADelay) {
  tests::Stage stage;
  int runs = 0;
  stage.cx().after(2s, [&runs] { ++runs; });
  stage.host().advance(1s);
  EXPECT_EQ(runs, 0);
  stage.host().advance(9s);
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(stage.host().open_timers(), 0U);
}

TEST(Timer, FaultsWithWhatATickThrew) {
  tests::Stage stage;
  stage.cx().after(1s, [] { throw std::runtime_error("tick"); });
  stage.host().advance(1s);
  EXPECT_EQ(stage.host().faults().size(), 1U);
}

TEST(RunBlocking, GivesWhatTheFunctionReturnsOrThrows) {
  tests::Stage stage;
  std::string log;
  stage.run([&](bp::context& cx) -> bp::task<void> {
    log += std::to_string(co_await cx.run_blocking([] { return 42; }));
    try {
      co_await cx.run_blocking([] { throw std::runtime_error(" thrown"); });
    } catch (const std::runtime_error& error) {
      log += error.what();
    }
    const bp::result<int> refused =
        co_await cx.run_blocking([]() -> bp::result<int> { return bp::fail(BP_E_IO, " refused"); });
    log += refused.error().message();
  });
  EXPECT_EQ(log, "42 thrown refused");
}

TEST(RunBlocking, IsWaitedForByStop) {
  tests::Stage stage;
  stage.host().set_jobs_at_once(false);
  std::string log;
  stage.run([&](bp::context& cx) -> bp::task<void> {
    std::string local;
    co_await cx.run_blocking([&local] { local = "done"; });
    log = local;
    co_await cx.sleep(1s);
    log = "never";
  });
  const bp_op stopping = stage.host().begin(BP_EV_STOP);
  EXPECT_FALSE(stage.host().finished(stopping));
  stage.host().run_jobs();
  EXPECT_TRUE(stage.host().finished(stopping));
  EXPECT_EQ(log, "done");
}

TEST(RunBlocking, TellsThePoolsFunctionThatStopBegan) {
  tests::Stage stage;
  const std::stop_token token = stage.cx().stop_token();
  EXPECT_FALSE(token.stop_requested());
  ASSERT_TRUE(stage.host().stop());
  EXPECT_TRUE(token.stop_requested());
}

}  // namespace
