// tests/sdk/cpp/queue_test.cpp - bounded queues and oneshots between tasks.
#include "backplane/cpp/queue.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "backplane/cpp/select.hpp"

#include "in_task.hpp"

using namespace std::chrono_literals;

namespace {

TEST(Queue, HoldsThePusherWhenItIsFull) {
  tests::Stage stage;
  bp::queue<int> queue(2);
  std::vector<int> popped;
  int pushed = 0;
  stage.run([&](bp::context&) -> bp::task<void> {
    for (int i = 0; i < 5; ++i) {
      EXPECT_TRUE(co_await queue.push(i));
      ++pushed;
    }
    queue.close();
  });
  EXPECT_EQ(pushed, 2);
  EXPECT_FALSE(queue.try_push(9));
  stage.run([&](bp::context&) -> bp::task<void> {
    while (auto item = co_await queue.pop()) {
      popped.push_back(*item);
    }
  });
  EXPECT_EQ(popped, (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_FALSE(queue.try_push(9)) << "closed";
}

TEST(Queue, ServesWaitersInTheirOrder) {
  tests::Stage stage;
  bp::queue<int> queue(4);
  std::string log;
  for (const char* const name : {"a", "b"}) {
    stage.run([&queue, &log, name](bp::context&) -> bp::task<void> {
      const auto item = co_await queue.pop();
      log += name + std::to_string(*item);
    });
  }
  stage.run([&](bp::context&) -> bp::task<void> {
    queue.try_push(1);
    queue.try_push(2);
    EXPECT_FALSE(queue.try_pop()) << "both are promised";
    co_return;
  });
  EXPECT_EQ(log, "a1b2");
}

TEST(Queue, ACancelledWaiterPassesItsTurnOn) {
  tests::Stage stage;
  bp::queue<int> queue(4);
  int got = 0;
  stage.run([&](bp::context& cx) -> bp::task<void> {
    (void)co_await bp::select(cx.sleep(1s), queue.pop());
  });
  stage.run([&](bp::context&) -> bp::task<void> { got = *co_await queue.pop(); });
  stage.host().advance(1s);
  stage.run([&](bp::context&) -> bp::task<void> {
    queue.try_push(5);
    co_return;
  });
  EXPECT_EQ(got, 5);
}

TEST(Queue, CloseWakesWhoeverWaits) {
  tests::Stage stage;
  bp::queue<int> queue(1);
  int ends = 0;
  for (int i = 0; i < 3; ++i) {
    stage.run([&](bp::context&) -> bp::task<void> { ends += co_await queue.pop() ? 0 : 1; });
  }
  stage.run([&](bp::context&) -> bp::task<void> {
    queue.close();
    co_return;
  });
  EXPECT_EQ(ends, 3);
}

RC_GTEST_PROP(Queue, KeepsOrderAndBoundWhoeverIsCancelled, ()) {
  const auto capacity = *rc::gen::inRange<std::size_t>(1, 6);
  const auto takers = *rc::gen::container<std::vector<bool>>(rc::gen::arbitrary<bool>());
  tests::Stage stage;
  bp::queue<int> queue(capacity);
  int pushed = 0;
  std::vector<int> popped;
  stage.run([&](bp::context&) -> bp::task<void> {
    for (;;) {
      EXPECT_TRUE(co_await queue.push(pushed));
      ++pushed;
    }
  });
  for (const bool patient : takers) {
    stage.run([&, patient](bp::context& cx) -> bp::task<void> {
      if (patient) {
        popped.push_back(*co_await queue.pop());
      } else {  // the sleep is first in rank and over by the time that anybody looks
        auto first = co_await bp::select(cx.sleep(0s), queue.pop());
        if (first.index() == 1) {
          popped.push_back(*std::get<1>(first));
        }
      }
    });
    stage.host().advance(1s);
    RC_ASSERT(queue.size() == capacity);
    RC_ASSERT(static_cast<std::size_t>(pushed) == popped.size() + capacity);
  }
  for (std::size_t i = 0; i < popped.size(); ++i) {
    RC_ASSERT(popped[i] == static_cast<int>(i));
  }
  RC_ASSERT(stage.host().stop().has_value());
}

TEST(Oneshot, IsSetOnce) {
  tests::Stage stage;
  bp::oneshot<std::string> once;
  std::string got;
  stage.run([&](bp::context&) -> bp::task<void> { got = *co_await once.wait(); });
  stage.run([&](bp::context&) -> bp::task<void> {
    EXPECT_TRUE(once.set("value"));
    EXPECT_FALSE(once.set("again"));
    co_return;
  });
  EXPECT_EQ(got, "value");
}

}  // namespace
