// tests/sdk/cpp/cancellation_test.cpp - sources, tokens below them, and work that they end.
#include "backplane/cpp/cancellation.hpp"

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "backplane/cpp/join_set.hpp"

#include "in_task.hpp"

using namespace std::chrono_literals;

namespace {

TEST(CancelToken, OfNoSourceNeverIs) {
  tests::Stage stage;
  const bp::cancel_token none;
  EXPECT_FALSE(none.cancelled());
  bool ended = false;
  stage.run([&](bp::context&) -> bp::task<void> {
    co_await none.wait();
    ended = true;
  });
  ASSERT_TRUE(stage.host().stop()) << "STOP ends the wait";
  EXPECT_FALSE(ended);
}

TEST(CancelToken, ReachesTheSourcesMadeOfIt) {
  bp::cancel_source above;
  bp::cancel_source below(above.token());
  bp::cancel_source beside(above.token());
  below.cancel();
  EXPECT_TRUE(below.token().cancelled());
  EXPECT_FALSE(above.cancelled());
  EXPECT_FALSE(beside.cancelled());
  above.cancel();
  EXPECT_TRUE(beside.cancelled());
  const bp::cancel_source late(above.token());
  EXPECT_TRUE(late.cancelled());
}

TEST(CancelToken, OutlivesItsSourceWhoseDeathCancelsNothing) {
  tests::Stage stage;
  auto source = std::make_optional<bp::cancel_source>();
  bp::cancel_token token = source->token();
  bool woke = false;
  stage.run([&](bp::context&) -> bp::task<void> {
    co_await token.wait();
    woke = true;
  });
  source.reset();
  stage.host().pump();
  EXPECT_FALSE(woke);
  EXPECT_FALSE(token.cancelled());
}

TEST(WithCancellation, EndsTheWorkAndAllItsChildren) {
  tests::Stage stage;
  bp::cancel_source source;
  std::string log;
  std::optional<bp::result<void>> end;
  const auto work = [&](bp::context& cx) -> bp::task<void> {
    bp::join_set<> set(cx);
    for (int i = 0; i < 3; ++i) {
      set.spawn([&cx, &log]() -> bp::task<void> {
        struct Tell {
          std::string& log;
          ~Tell() { log += "child "; }
        } const tell{log};
        co_await cx.sleep(1h);
      });
    }
    (void)co_await set.join_all();
    log += "never";
  };
  stage.run([&](bp::context& cx) -> bp::task<void> {
    end = co_await bp::with_cancellation(work(cx), source.token());
    log += "joined";
  });
  EXPECT_FALSE(end);
  stage.run([&](bp::context&) -> bp::task<void> {
    source.cancel();
    co_return;
  });
  ASSERT_TRUE(end);
  EXPECT_EQ(end->error().code(), BP_E_CANCELLED);
  EXPECT_EQ(log, "child child child joined");
  EXPECT_EQ(stage.host().open_timers(), 0U);
}

TEST(WithCancellation, GivesTheValueOrDoesNotEvenStart) {
  tests::Stage stage;
  bp::cancel_source source;
  int started = 0;
  std::vector<bp::result<int>> ends;
  const auto work = [&]() -> bp::task<bp::result<int>> {
    ++started;
    co_return 7;
  };
  stage.run([&](bp::context&) -> bp::task<void> {
    ends.push_back(co_await bp::with_cancellation(work(), source.token()));
    source.cancel();
    ends.push_back(co_await bp::with_cancellation(work(), source.token()));
  });
  ASSERT_EQ(ends.size(), 2U);
  EXPECT_EQ(*ends[0], 7);
  EXPECT_EQ(ends[1].error().code(), BP_E_CANCELLED);
  EXPECT_EQ(started, 1);
}

}  // namespace
