// tests/plugins/transport_ws/topic/hub_test.cpp - one publisher, followers on several io threads.
#include "topic/hub.hpp"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "../rpc/fake_peer.hpp"

namespace transport_ws::topic {
namespace {

std::shared_ptr<Announcement> say(const std::string& text) {
  return std::make_shared<Announcement>("t", frame::Opcode::Text, text);
}

TEST(Hub, ReachesEveryThreadInOrderWithTheSameBytes) {
  boost::asio::io_context first;
  boost::asio::io_context second;
  session::Counters counters;
  Board here(8, counters);
  Board there(8, counters);
  Hub hub;
  hub.join(first, here);
  hub.join(second, there);
  rpc::FakePeer one(1);
  rpc::FakePeer two(2);
  ASSERT_TRUE(here.subscribe(one, Form::Raw, "t"));
  ASSERT_TRUE(there.subscribe(two, Form::Raw, "t"));
  std::vector<std::size_t> taken;
  hub.publish(say("1"), [&](std::size_t count) { taken.push_back(count); });
  hub.publish(say("2"));
  first.run();
  EXPECT_TRUE(taken.empty());  // the other thread has not delivered yet
  second.run();
  EXPECT_EQ(taken, std::vector<std::size_t>{2});
  EXPECT_EQ(one.events, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(two.events, one.events);
  EXPECT_EQ(one.frames[0].get(), two.frames[0].get());
}

}  // namespace
}  // namespace transport_ws::topic
