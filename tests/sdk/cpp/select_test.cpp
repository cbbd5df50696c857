// tests/sdk/cpp/select_test.cpp - the first of several, in their order, and deadlines.
#include "backplane/cpp/select.hpp"

#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "backplane/cpp/queue.hpp"

#include "in_task.hpp"

using namespace std::chrono_literals;

namespace {

TEST(Select, TakesTheFirstAndCancelsTheRest) {
  tests::Stage stage;
  std::size_t winner = 99;
  stage.run([&winner](bp::context& cx) -> bp::task<void> {
    const auto first = co_await bp::select(cx.sleep(3s), cx.sleep(1s), cx.sleep(2s));
    winner = first.index();
  });
  EXPECT_EQ(stage.host().open_timers(), 3U);
  stage.host().advance(1s);
  EXPECT_EQ(winner, 1U);
  EXPECT_EQ(stage.host().open_timers(), 0U);
}

TEST(Select, PrefersTheEarlierBranchAndDoesNotStartTheLater) {
  tests::Stage stage;
  bp::queue<std::string> a(2);
  bp::queue<std::string> b(2);
  std::string got;
  a.try_push("a");
  b.try_push("b");
  stage.run([&](bp::context& cx) -> bp::task<void> {
    auto first = co_await bp::select(a.pop(), b.pop(), cx.sleep(1s));
    got = *std::get<0>(first);
  });
  EXPECT_EQ(got, "a");
  EXPECT_EQ(b.size(), 1U) << "the loser takes nothing with it";
  EXPECT_EQ(stage.host().open_timers(), 0U);
}

TEST(Select, LosesNothingWhenTwoBecomeReadyTogether) {
  tests::Stage stage;
  bp::queue<int> a(2);
  bp::queue<int> b(2);
  int sum = 0;
  stage.run([&](bp::context&) -> bp::task<void> {
    for (int i = 0; i < 2; ++i) {
      auto first = co_await bp::select(a.pop(), b.pop());
      sum += first.index() == 0 ? *std::get<0>(first) : *std::get<1>(first);
    }
  });
  stage.run([&](bp::context&) -> bp::task<void> {
    b.try_push(10);
    a.try_push(1);
    co_return;
  });
  EXPECT_EQ(sum, 11);
}

TEST(Select, CarriesTheExceptionOfTheWinner) {
  tests::Stage stage;
  std::string caught;
  const auto fails = []() -> bp::task<int> {
    throw std::runtime_error("first");
    co_return 1;
  };
  stage.run([&](bp::context& cx) -> bp::task<void> {
    try {
      (void)co_await bp::select(cx.sleep(1s), fails());
    } catch (const std::runtime_error& error) {
      caught = error.what();
    }
  });
  EXPECT_EQ(caught, "first");
  EXPECT_EQ(stage.host().open_timers(), 0U);
}

TEST(Select, IsCancelledWithItsTask) {
  tests::Stage stage;
  bool done = false;
  stage.run([&done](bp::context& cx) -> bp::task<void> {
    (void)co_await bp::select(cx.sleep(1s), cx.sleep(2s));
    done = true;
  });
  ASSERT_TRUE(stage.host().stop());
  EXPECT_FALSE(done);
}

TEST(WithDeadline, GivesTheValueOrSaysTimeout) {
  tests::Stage stage;
  std::vector<bp::result<int>> results;
  const auto slow = [](bp::context& cx, std::chrono::seconds time) -> bp::task<bp::result<int>> {
    co_await cx.sleep(time);
    co_return 7;
  };
  stage.run([&](bp::context& cx) -> bp::task<void> {
    results.push_back(co_await bp::with_deadline(cx, 2s, slow(cx, 1s)));
    results.push_back(co_await bp::with_deadline(cx, 2s, slow(cx, 9s)));
  });
  stage.host().advance(3s);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(*results[0], 7);
  EXPECT_EQ(results[1].error().code(), BP_E_TIMEOUT);
  EXPECT_EQ(results[1].error().message(), "not done after 2s");
}

TEST(WithDeadline, WaitsForBlockingWorkThatUsesTheTask) {
  tests::Stage stage;
  stage.host().set_jobs_at_once(false);
  std::string log;
  stage.run([&](bp::context& cx) -> bp::task<void> {
    const auto end =
        co_await bp::with_deadline(cx, 1s, cx.run_blocking([&log]() -> bp::result<void> {
          log += "ran ";
          return {};
        }));
    log += end ? "in time" : "late";
  });
  stage.host().advance(1s);
  EXPECT_EQ(log, "") << "the function may still use the task's variables";
  stage.host().run_jobs();
  EXPECT_EQ(log, "ran late");
}

}  // namespace
