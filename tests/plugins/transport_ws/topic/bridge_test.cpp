// tests/plugins/transport_ws/topic/bridge_test.cpp - from the bus to a topic, also when the channel
// comes late.
#include "topic/bridge.hpp"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "../rpc/fake_bus.hpp"
#include "../rpc/fake_peer.hpp"

namespace transport_ws::topic {
namespace {

class BridgeTest : public ::testing::Test {
 protected:
  BridgeTest() {
    hub.join(context, board);
    EXPECT_TRUE(board.subscribe(peer, Form::Raw, "t"));
  }

  void start(Direction direction) {
    outward = std::make_unique<Outward>(std::vector<Bridge>{{"events", "t", direction}}, bus, hub,
                                        context,
                                        [this](const std::string& channel, std::string_view what) {
                                          told.push_back(channel + ": " + std::string(what));
                                        });
    outward->start();
  }

  void run() {
    context.restart();
    context.poll();
  }

  asio::io_context context;
  rpc::FakeBus bus;
  session::Counters counters;
  Board board{8, counters};
  Hub hub;
  rpc::FakePeer peer{1};
  std::vector<std::string> told;
  std::unique_ptr<Outward> outward;
};

TEST_F(BridgeTest, PublishesWhatComesOnTheChannel) {
  start(Direction::Both);
  bus.deliver("events", 1, R"({"n":1})");
  bus.deliver("events", 2, R"({"n":2})");
  EXPECT_EQ(*bus.held, 0);  // acknowledged: no slow client holds the bus
  run();
  EXPECT_EQ(peer.events, (std::vector<std::string>{R"({"n":1})", R"({"n":2})"}));
  outward->stop();
  EXPECT_TRUE(bus.sinks.empty());
}

TEST_F(BridgeTest, LeavesChannelsAloneThatOnlyLeadIn) {
  start(Direction::In);
  EXPECT_TRUE(bus.sinks.empty());
}

TEST_F(BridgeTest, WaitsForAChannelThatComesLate) {
  bus.missing.insert("events");
  start(Direction::Out);
  EXPECT_EQ(told, std::vector<std::string>{"events: no channel 'events'"});
  bus.missing.clear();
  context.restart();
  context.run_one();  // the timer
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[1], "events: it is there now");
  bus.deliver("events", 1, "1");
  run();
  EXPECT_EQ(peer.events.size(), 1U);
}

TEST_F(BridgeTest, TellsOfLossesAndFollowsAChannelThatWasClosed) {
  start(Direction::Out);
  bus.tell("events", rpc::Bus::Missed{3});
  EXPECT_EQ(told, std::vector<std::string>{"events: 3 messages were missed"});
  bus.tell("events", rpc::Bus::Closed{});
  EXPECT_EQ(bus.sinks.size(), 1U);
  bus.deliver("events", 1, "1");
  run();
  EXPECT_EQ(peer.events.size(), 1U);
}

}  // namespace
}  // namespace transport_ws::topic
