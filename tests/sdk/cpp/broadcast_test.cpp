// tests/sdk/cpp/broadcast_test.cpp - every receiver reads all, or is told how much it missed.
#include "backplane/cpp/broadcast.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "backplane/cpp/select.hpp"

#include "in_task.hpp"

using namespace std::chrono_literals;

namespace {

bp::task<void> read_all(bp::broadcast<int>::receiver from, std::vector<int>& into) {
  while (auto got = co_await from.next()) {
    into.push_back(*got ? **got : -static_cast<int>(got->error().missed));
  }
  into.push_back(0);
}

TEST(Broadcast, GivesEachReceiverEverythingSinceItSubscribed) {
  tests::Stage stage;
  bp::broadcast<int> numbers(8);
  EXPECT_TRUE(numbers.send(1)) << "to nobody";
  std::vector<int> a;
  std::vector<int> b;
  stage.run([&](bp::context&) { return read_all(numbers.subscribe(), a); });
  stage.run([&](bp::context&) -> bp::task<void> {
    numbers.send(2);
    co_return;
  });
  stage.run([&](bp::context&) { return read_all(numbers.subscribe(), b); });
  EXPECT_EQ(numbers.receivers(), 2U);
  stage.run([&](bp::context&) -> bp::task<void> {
    numbers.send(3);
    numbers.close();
    EXPECT_FALSE(numbers.send(4));
    co_return;
  });
  EXPECT_EQ(a, (std::vector<int>{2, 3, 0}));
  EXPECT_EQ(b, (std::vector<int>{3, 0}));
  EXPECT_EQ(numbers.receivers(), 0U);
}

TEST(Broadcast, TellsOnlyTheSlowThatItLagged) {
  bp::broadcast<int> numbers(3);
  auto fast = numbers.subscribe();
  auto slow = numbers.subscribe();
  for (int i = 1; i <= 5; ++i) {
    numbers.send(i);
    EXPECT_EQ(**fast.try_next(), i);
  }
  const auto told = slow.try_next();
  ASSERT_TRUE(told && !*told);
  EXPECT_EQ(told->error(), bp::lagged{2});
  for (int i = 3; i <= 5; ++i) {
    EXPECT_EQ(**slow.try_next(), i);
  }
  EXPECT_FALSE(slow.try_next());
}

TEST(Broadcast, LosesNothingToACancelledRead) {
  tests::Stage stage;
  bp::broadcast<int> numbers(4);
  std::vector<int> got;
  stage.run([&](bp::context& cx) -> bp::task<void> {
    auto mine = numbers.subscribe();
    for (int i = 0; i < 2; ++i) {
      auto first = co_await bp::select(mine.next(), cx.sleep(1s));
      got.push_back(first.index() == 0 ? **std::get<0>(first) : -1);
    }
  });
  stage.host().advance(1s);
  stage.run([&](bp::context&) -> bp::task<void> {
    numbers.send(9);
    co_return;
  });
  EXPECT_EQ(got, (std::vector<int>{-1, 9}));
}

TEST(Broadcast, ReceiversMayOutliveIt) {
  auto numbers = std::make_optional<bp::broadcast<int>>(4);
  auto mine = numbers->subscribe();
  numbers->send(1);
  numbers.reset();
  auto moved = std::move(mine);
  EXPECT_EQ(**moved.try_next(), 1);
  EXPECT_FALSE(moved.try_next());
}

RC_GTEST_PROP(Broadcast, ReadAndMissedMakeUpWhatWasSent, (const std::vector<bool>& sends)) {
  const auto capacity = *rc::gen::inRange<std::size_t>(1, 9);
  bp::broadcast<std::uint64_t> numbers(capacity);
  auto mine = numbers.subscribe();
  std::uint64_t sent = 0;
  std::uint64_t seen = 0;
  const auto read = [&] {
    const auto got = mine.try_next();
    if (got && !*got) {
      RC_ASSERT(got->error().missed > 0U);
      seen += got->error().missed;
      RC_ASSERT(sent - seen == capacity);
    } else if (got) {
      RC_ASSERT(**got == seen++);
    } else {
      RC_ASSERT(seen == sent);
    }
    return got.has_value();
  };
  for (const bool send : sends) {
    send ? (void)numbers.send(sent++) : (void)read();
  }
  while (read()) {
  }
  RC_ASSERT(seen == sent);
}

}  // namespace
