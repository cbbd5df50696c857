// tests/plugins/transport_ws/rpc/feed_test.cpp - fan-out, and what a slow client does to it.
#include "rpc/feed.hpp"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "fake_bus.hpp"
#include "fake_peer.hpp"

namespace transport_ws::rpc {
namespace {

class FeedTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(feed->open([](const Feed&) {}));
    feed->add(quick);
    feed->add(slow);
  }

  FakeBus bus;
  FakePeer quick{1};
  FakePeer slow{2};
  HistorySettings history;
  Epochs epochs{"e"};
  session::Counters counters;
  std::shared_ptr<Feed> feed = std::make_shared<Feed>(7, "events", bus, epochs, history, counters);
};

TEST_F(FeedTest, SharesOneFrameAmongAll) {
  bus.deliver("events", 12, R"({"id":"a"})");
  ASSERT_EQ(quick.events.size(), 1U);
  EXPECT_EQ(quick.events[0],
            R"({"jsonrpc":"2.0","method":"event","params":{"subscription":7,"channel":"events",)"
            R"("seq":12,"event":{"id":"a"}}})");
  EXPECT_EQ(quick.frames[0], slow.frames[0]);  // the very same bytes
  EXPECT_EQ(*bus.held, 0);
}

TEST_F(FeedTest, WaitsForASlowClientAndAcknowledgesNothingMeanwhile) {
  slow.full = true;
  bus.deliver("events", 1, "1");
  bus.deliver("events", 2, "2");
  EXPECT_TRUE(quick.events.empty());
  EXPECT_EQ(*bus.held, 2);
  EXPECT_EQ(slow.cutoff, "too slow; resume from seq 1 of events");
  slow.full = false;
  feed->on_drained();
  EXPECT_EQ(quick.events.size(), 2U);
  EXPECT_EQ(slow.events.size(), 2U);
  EXPECT_EQ(*bus.held, 0);
}

TEST_F(FeedTest, GoesOnWithoutTheClientThatWasCutOff) {
  slow.full = true;
  bus.deliver("events", 1, "1");
  feed->remove(slow);
  EXPECT_EQ(quick.events.size(), 1U);
  EXPECT_TRUE(slow.events.empty());
  EXPECT_EQ(*bus.held, 0);
}

TEST_F(FeedTest, PassesOnNothingThatIsNoJson) {
  bus.deliver("events", 1, R"(1}},"injected":{{)");
  EXPECT_TRUE(quick.events.empty());
  EXPECT_EQ(*bus.held, 0);
}

TEST_F(FeedTest, TellsOfLossesAndOfTheEnd) {
  bus.tell("events", Bus::Missed{3});
  EXPECT_EQ(
      quick.take(),
      R"({"jsonrpc":"2.0","method":"missed","params":{"subscription":7,"channel":"events","missed":3}})");
  bus.tell("events", Bus::Closed{});
  EXPECT_EQ(
      slow.take(),
      R"({"jsonrpc":"2.0","method":"closed","params":{"subscription":7,"channel":"events"}})");
  EXPECT_TRUE(feed->closed());
}

TEST_F(FeedTest, LeavesTheBusWhenItDies) {
  EXPECT_EQ(bus.sinks.size(), 1U);
  feed.reset();
  EXPECT_TRUE(bus.sinks.empty());
}

}  // namespace
}  // namespace transport_ws::rpc
