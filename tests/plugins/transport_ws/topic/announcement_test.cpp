// tests/plugins/transport_ws/topic/announcement_test.cpp - both frames of a message, each made
// once.
#include "topic/announcement.hpp"

#include <string>

#include <gtest/gtest.h>

namespace transport_ws::topic {
namespace {

TEST(Announcement, IsSentRawOrToldByName) {
  Announcement announcement("a\"b", frame::Opcode::Text, R"({"n":1})");
  EXPECT_EQ(*announcement.frame(Form::Raw), frame::encode_frame(frame::Opcode::Text, R"({"n":1})"));
  EXPECT_EQ(
      *announcement.frame(Form::Told),
      frame::encode_frame(
          frame::Opcode::Text,
          R"({"jsonrpc":"2.0","method":"topic","params":{"topic":"a\"b","message":{"n":1}}})"));
  EXPECT_EQ(announcement.frame(Form::Told).get(), announcement.frame(Form::Told).get());
}

TEST(Announcement, QuotesTextThatIsNoJson) {
  Announcement announcement("t", frame::Opcode::Text, "plain \"text\"");
  EXPECT_NE(announcement.frame(Form::Told)->find(R"("message":"plain \"text\"")"),
            std::string::npos);
}

TEST(Announcement, SendsBytesRawToEveryone) {
  Announcement announcement("t", frame::Opcode::Binary, std::string(70'000, 'b'));
  EXPECT_EQ(announcement.frame(Form::Told).get(), announcement.frame(Form::Raw).get());
}

}  // namespace
}  // namespace transport_ws::topic
