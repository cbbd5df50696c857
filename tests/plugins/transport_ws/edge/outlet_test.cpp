// tests/plugins/transport_ws/edge/outlet_test.cpp - records of ws.out.
#include "edge/outlet.hpp"

#include <string>

#include <gtest/gtest.h>

namespace transport_ws::edge {
namespace {

TEST(Outlet, ReadsRecords) {
  const auto text = read_parcel(R"({"connection":7,"text":"h\u0069"})");
  ASSERT_TRUE(text);
  EXPECT_EQ(text->connection, 7U);
  EXPECT_EQ(text->kind, frame::Opcode::Text);
  EXPECT_EQ(text->payload, "hi");
  const auto bytes = read_parcel(R"({"base64":"AAEC","topic":"t"})");
  ASSERT_TRUE(bytes);
  EXPECT_EQ(bytes->connection, 0U);
  EXPECT_EQ(bytes->topic, "t");
  EXPECT_EQ(bytes->kind, frame::Opcode::Binary);
  EXPECT_EQ(bytes->payload, std::string("\0\1\2", 3));
}

TEST(Outlet, SaysWhatARecordMustBe) {
  for (const auto* record :
       {"", "[]", "{}", R"({"connection":1})", R"({"text":"x"})",
        R"({"connection":1,"topic":"t","text":"x"})", R"({"connection":1,"text":"x","base64":""})",
        R"({"connection":0,"text":"x"})", R"({"connection":"1","text":"x"})",
        R"({"connection":1,"text":5})", R"({"topic":"","text":"x"})",
        R"({"topic":"t","base64":"A"})", R"({"topic":"t","text":"x","more":1})"}) {
    EXPECT_FALSE(read_parcel(record)) << record;
  }
}

}  // namespace
}  // namespace transport_ws::edge
