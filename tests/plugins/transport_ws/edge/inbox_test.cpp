// tests/plugins/transport_ws/edge/inbox_test.cpp - order, one wake-up per burst, and the end.
#include "edge/inbox.hpp"

#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace transport_ws::edge {
namespace {

TEST(Inbox, RunsABurstInOrderWithOneWakeUp) {
  boost::asio::io_context context;
  const auto inbox = std::make_shared<Inbox>(context);
  std::vector<int> ran;
  for (int i = 0; i < 3; ++i) {
    inbox->push([&ran, i] { ran.push_back(i); });
  }
  EXPECT_EQ(context.run(), 1U);
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 2}));
  inbox->push([&ran] { ran.push_back(3); });
  context.restart();
  EXPECT_EQ(context.run(), 1U);
  EXPECT_EQ(ran.size(), 4U);
}

TEST(Inbox, MayBePushedByItsOwnWork) {
  boost::asio::io_context context;
  const auto inbox = std::make_shared<Inbox>(context);
  bool ran = false;
  inbox->push([&] { inbox->push([&] { ran = true; }); });
  context.run();
  EXPECT_TRUE(ran);
}

TEST(Inbox, DestroysUnrunWhatComesTooLate) {
  const auto held = std::make_shared<int>(1);
  boost::asio::io_context context;
  const auto inbox = std::make_shared<Inbox>(context);
  inbox->push([held] { FAIL(); });
  inbox->close();
  EXPECT_EQ(held.use_count(), 1);
  inbox->push([held] { FAIL(); });
  EXPECT_EQ(held.use_count(), 1);
  context.run();
}

}  // namespace
}  // namespace transport_ws::edge
