// tests/sdk/cpp/join_set_test.cpp - children side by side, their results and panics.
#include "backplane/cpp/join_set.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "in_task.hpp"

using namespace std::chrono_literals;

namespace {

TEST(JoinSet, GivesResultsInTheOrderOfTheirEnds) {
  tests::Stage stage;
  std::vector<int> ends;
  stage.run([&ends](bp::context& cx) -> bp::task<void> {
    bp::join_set<int> set(cx);
    for (const int seconds : {3, 1, 2}) {
      set.spawn([&cx, seconds]() -> bp::task<int> {
        co_await cx.sleep(std::chrono::seconds(seconds));
        co_return seconds;
      });
    }
    while (auto one = co_await set.next()) {
      ends.push_back(**one);
    }
  });
  stage.host().advance(3s);
  EXPECT_EQ(ends, (std::vector<int>{1, 2, 3}));
}

TEST(JoinSet, ReportsThePanicOfAChild) {
  tests::Stage stage;
  std::vector<std::string> errors;
  stage.run([&errors](bp::context& cx) -> bp::task<void> {
    bp::join_set<> set(cx);
    set.spawn([]() -> bp::task<void> {
      throw std::runtime_error("broken");
      co_return;
    });
    set.spawn([]() -> bp::task<bp::result<void>> { co_return bp::fail(BP_E_IO, "refused"); });
    while (auto one = co_await set.next()) {
      errors.push_back(std::to_string(one->error().code()) + " " + one->error().message());
    }
  });
  EXPECT_EQ(errors, (std::vector<std::string>{"-14 exception: broken", "-23 refused"}));
  EXPECT_TRUE(stage.host().faults().empty()) << "whoever joins hears of it";
}

TEST(JoinSet, JoinAllCancelsTheOthersAtTheFirstError) {
  tests::Stage stage;
  bp::result<void> all;
  stage.run([&all](bp::context& cx) -> bp::task<void> {
    bp::join_set<> set(cx);
    set.spawn([&cx]() -> bp::task<void> { co_await cx.sleep(1h); });
    set.spawn([&cx]() -> bp::task<bp::result<void>> {
      co_await cx.sleep(1s);
      co_return bp::fail(BP_E_IO, "disk");
    });
    all = co_await set.join_all();
  });
  stage.host().advance(1s);
  ASSERT_FALSE(all);
  EXPECT_EQ(all.error().message(), "disk");
  EXPECT_EQ(stage.host().open_timers(), 0U);
}

TEST(JoinSet, JoinsItsChildrenBeforeACancelledParentUnwinds) {
  tests::Stage stage;
  stage.host().set_jobs_at_once(false);
  std::string log;
  stage.run([&log](bp::context& cx) -> bp::task<void> {
    std::string local = "local";
    struct Last {
      std::string& log;
      ~Last() { log += "parent"; }
    } const last{log};
    bp::join_set<> set(cx);
    set.spawn([&]() -> bp::task<void> {
      co_await cx.run_blocking([&] { local += "!"; });
      log += local + " ";
    });
    (void)co_await set.next();
  });
  const bp_op stopping = stage.host().begin(BP_EV_STOP);
  EXPECT_FALSE(stage.host().finished(stopping));
  stage.host().run_jobs();
  EXPECT_TRUE(stage.host().finished(stopping));
  EXPECT_EQ(log, "local! parent");
}

TEST(JoinSet, IsEmptyWhenNothingWasSpawned) {
  tests::Stage stage;
  bool empty = false;
  stage.run([&empty](bp::context& cx) -> bp::task<void> {
    bp::join_set<int> set(cx);
    empty = !(co_await set.next()).has_value() && set.size() == 0;
  });
  EXPECT_TRUE(empty);
}

RC_GTEST_PROP(JoinSet, GivesEveryEndOnceAndInOrder, ()) {
  enum class How : char { value, error, panic };

  struct Child {
    int seconds;
    How how;
  };

  const auto raw = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, 50), rc::gen::inRange(0, 3)));
  std::vector<std::pair<int, bp_status>> expected;
  std::vector<std::pair<int, bp_status>> ends;
  tests::Stage stage;
  stage.run([&](bp::context& cx) -> bp::task<void> {
    bp::join_set<int> set(cx);
    for (std::size_t i = 0; i < raw.size(); ++i) {
      const Child child{raw[i].first, static_cast<How>(raw[i].second)};
      set.spawn([&cx, child]() -> bp::task<bp::result<int>> {
        co_await cx.sleep(std::chrono::seconds(child.seconds));
        if (child.how == How::panic) {
          throw std::runtime_error("broken");
        }
        if (child.how == How::error) {
          co_return bp::fail(BP_E_IO, "refused");
        }
        co_return child.seconds;
      });
      const bp_status code = child.how == How::value   ? BP_OK
                             : child.how == How::error ? BP_E_IO
                                                       : BP_E_PANIC;
      expected.emplace_back(child.seconds, code);
    }
    while (auto one = co_await set.next()) {
      ends.emplace_back(static_cast<int>(cx.now_ns() / 1'000'000'000),
                        *one ? BP_OK : one->error().code());
    }
  });
  const auto begin = stage.cx().now_ns() / 1'000'000'000;
  for (int second = 0; second <= 50; ++second) {
    stage.host().advance(1s);
  }
  for (auto& [second, code] : ends) {
    second -= static_cast<int>(begin);
  }
  RC_ASSERT(std::is_sorted(ends.begin(), ends.end(),
                           [](const auto& a, const auto& b) { return a.first < b.first; }));
  std::sort(ends.begin(), ends.end());
  std::sort(expected.begin(), expected.end());
  RC_ASSERT(ends == expected);
}

}  // namespace
