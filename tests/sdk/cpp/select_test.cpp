// tests/sdk/cpp/select_test.cpp - the first of several, in their order, and time limits.
#include "backplane/cpp/select.hpp"

#include <rapidcheck.h>
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

TEST(Select, PrefersTheEarlierBranchOfThoseThatBecameReadyTogether) {
  tests::Stage stage;
  bp::queue<std::string> commands(2);
  bp::queue<std::string> heartbeat(2);
  std::vector<std::string> log;
  stage.run([&](bp::context&) -> bp::task<void> {
    for (int i = 0; i < 2; ++i) {
      auto first = co_await bp::select(commands.pop(), heartbeat.pop());
      log.push_back(first.index() == 0 ? *std::get<0>(first) : *std::get<1>(first));
    }
  });
  stage.run([&](bp::context&) -> bp::task<void> {
    heartbeat.try_push("heartbeat");  // first in time, second in rank
    commands.try_push("command");
    co_return;
  });
  EXPECT_EQ(log, (std::vector<std::string>{"command", "heartbeat"}));
}

TEST(Select, RanksBranchesOfNestedTasksAndSelects) {
  tests::Stage stage;
  bp::queue<int> a(2);
  bp::queue<int> b(2);
  bp::queue<int> c(2);
  std::vector<int> log;
  const auto later = [](bp::queue<int>& from) -> bp::task<int> { co_return *co_await from.pop(); };
  const auto inner = [&]() -> bp::task<int> {
    auto first = co_await bp::select(later(a), later(b));
    co_return first.index() == 0 ? std::get<0>(first) : std::get<1>(first);
  };
  stage.run([&](bp::context&) -> bp::task<void> {
    for (int i = 0; i < 3; ++i) {
      auto first = co_await bp::select(inner(), later(c));
      log.push_back(first.index() == 0 ? std::get<0>(first) : std::get<1>(first));
    }
  });
  stage.run([&](bp::context&) -> bp::task<void> {
    c.try_push(3);
    b.try_push(2);
    a.try_push(1);
    co_return;
  });
  EXPECT_EQ(log, (std::vector<int>{1, 2, 3}));
}

TEST(Select, NeverLosesAnItemWhateverTheOrder) {
  rc::check("every item comes out once, of two queues with the earlier first", [] {
    tests::Stage stage;
    bp::queue<int> a(64);
    bp::queue<int> b(64);
    std::vector<int> got;
    stage.run([&](bp::context&) -> bp::task<void> {
      for (;;) {
        auto first = co_await bp::select(a.pop(), b.pop());
        const auto item = first.index() == 0 ? std::get<0>(first) : std::get<1>(first);
        if (!item) {
          co_return;
        }
        got.push_back(*item);
      }
    });
    std::vector<int> expected;
    const auto rounds = *rc::gen::container<std::vector<std::vector<bool>>>(
        rc::gen::container<std::vector<bool>>(rc::gen::arbitrary<bool>()));
    int next = 0;
    for (std::vector<bool> round : rounds) {
      round.resize(std::min<std::size_t>(round.size(), 60));
      std::vector<int> of_b;
      stage.run([&](bp::context&) -> bp::task<void> {
        for (const bool to_a : round) {
          (to_a ? expected : of_b).push_back(next);
          RC_ASSERT((to_a ? a : b).try_push(next++));
        }
        co_return;
      });
      expected.insert(expected.end(), of_b.begin(), of_b.end());
      RC_ASSERT(got == expected);
    }
    a.close();
    stage.host().pump();
  });
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

TEST(WithTimeout, GivesTheValueOrSaysTimeout) {
  tests::Stage stage;
  std::vector<bp::result<int>> results;
  const auto slow = [](bp::context& cx, std::chrono::seconds time) -> bp::task<bp::result<int>> {
    co_await cx.sleep(time);
    co_return 7;
  };
  stage.run([&](bp::context& cx) -> bp::task<void> {
    results.push_back(co_await bp::with_timeout(slow(cx, 1s), 2s));
    results.push_back(co_await bp::with_timeout(slow(cx, 9s), 2s));
  });
  stage.host().advance(3s);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(*results[0], 7);
  EXPECT_EQ(results[1].error().code(), BP_E_TIMEOUT);
  EXPECT_EQ(results[1].error().message(), "not done after 2s");
}

TEST(WithTimeout, WaitsForBlockingWorkThatUsesTheTask) {
  tests::Stage stage;
  stage.host().set_jobs_at_once(false);
  std::string log;
  stage.run([&](bp::context& cx) -> bp::task<void> {
    const auto end = co_await bp::with_timeout(cx.run_blocking([&log]() -> bp::result<void> {
      log += "ran ";
      return {};
    }),
                                               1s);
    log += end ? "in time" : "late";
  });
  stage.host().advance(1s);
  EXPECT_EQ(log, "") << "the function may still use the task's variables";
  stage.host().run_jobs();
  EXPECT_EQ(log, "ran late");
}

}  // namespace
