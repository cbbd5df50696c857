// tests/plugins/transport_ws/topic/board_test.cpp - following, delivering, and who is too slow.
#include "topic/board.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "../rpc/fake_peer.hpp"

namespace transport_ws::topic {
namespace {

using rpc::FakePeer;

class BoardTest : public ::testing::Test {
 protected:
  std::size_t publish(const std::string& topic, const std::string& text) {
    Announcement announcement(topic, frame::Opcode::Text, text);
    return board.deliver(announcement);
  }

  session::Counters counters;
  Board board{3, counters};
  FakePeer one{1};
  FakePeer two{2};
};

TEST_F(BoardTest, DeliversToThoseWhoFollow) {
  ASSERT_TRUE(board.subscribe(one, Form::Raw, "a"));
  ASSERT_TRUE(board.subscribe(one, Form::Raw, "a"));  // again: once
  ASSERT_TRUE(board.subscribe(two, Form::Told, "a"));
  ASSERT_TRUE(board.subscribe(two, Form::Told, "b"));
  EXPECT_EQ(publish("a", "1"), 2U);
  EXPECT_EQ(publish("b", "2"), 1U);
  EXPECT_EQ(publish("c", "3"), 0U);
  EXPECT_EQ(one.events, std::vector<std::string>{"1"});
  EXPECT_EQ(two.events.size(), 2U);
  EXPECT_EQ(counters.subscriptions.value(), 3);
  EXPECT_EQ(board.topics_of(two), (std::vector<std::string>{"a", "b"}));
}

TEST_F(BoardTest, EncodesOnceForAll) {
  ASSERT_TRUE(board.subscribe(one, Form::Raw, "a"));
  ASSERT_TRUE(board.subscribe(two, Form::Raw, "a"));
  publish("a", "1");
  EXPECT_EQ(one.frames[0].get(), two.frames[0].get());
}

TEST_F(BoardTest, ForgetsWhoLeaves) {
  ASSERT_TRUE(board.subscribe(one, Form::Raw, "a"));
  ASSERT_TRUE(board.subscribe(one, Form::Raw, "b"));
  EXPECT_TRUE(board.unsubscribe(one, "a"));
  EXPECT_FALSE(board.unsubscribe(one, "a"));
  EXPECT_FALSE(board.unsubscribe(two, "b"));
  EXPECT_EQ(publish("a", "1"), 0U);
  board.leave(one);
  board.leave(one);
  EXPECT_EQ(publish("b", "1"), 0U);
  EXPECT_EQ(counters.subscriptions.value(), 0);
  EXPECT_TRUE(board.topics_of(one).empty());
}

TEST_F(BoardTest, BoundsWhatOneConnectionFollows) {
  for (const auto* topic : {"a", "b", "c"}) {
    ASSERT_TRUE(board.subscribe(one, Form::Raw, topic));
  }
  EXPECT_EQ(board.subscribe(one, Form::Raw, "d").error().code(), BP_E_BUSY);
  EXPECT_TRUE(board.subscribe(one, Form::Raw, "c"));
  EXPECT_TRUE(board.unsubscribe(one, "b"));
  EXPECT_TRUE(board.subscribe(one, Form::Raw, "d"));
}

TEST_F(BoardTest, CutsOffWhoIsTooSlowAndServesTheOthers) {
  ASSERT_TRUE(board.subscribe(one, Form::Raw, "a"));
  ASSERT_TRUE(board.subscribe(two, Form::Raw, "a"));
  one.full = true;
  one.refusing = true;
  EXPECT_EQ(publish("a", "1"), 1U);
  EXPECT_EQ(one.cutoff, "too slow for topic a");
  EXPECT_EQ(two.events, std::vector<std::string>{"1"});
}

TEST_F(BoardTest, RefusesNamesThatAreNone) {
  for (const std::string& name : {std::string(), std::string(256, 'a'), std::string("a\nb"),
                                  std::string("\xff"), std::string("a\0b", 3)}) {
    EXPECT_EQ(board.subscribe(one, Form::Raw, name).error().code(), BP_E_INVALID);
  }
  EXPECT_TRUE(board.subscribe(one, Form::Raw, "größe *?"));
}

}  // namespace
}  // namespace transport_ws::topic
