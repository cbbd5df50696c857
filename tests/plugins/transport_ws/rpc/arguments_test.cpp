// tests/plugins/transport_ws/rpc/arguments_test.cpp - positions to go on from, named as a pair. The
// other parameters are tested through the gateway.
#include "rpc/arguments.hpp"

#include <string>

#include <gtest/gtest.h>

namespace transport_ws::rpc {
namespace {

bp::result<Subscribe> read(const std::string& params) {
  return subscribe_arguments(*json::read(params));
}

TEST(Arguments, OfSubscribeNameAChannelAndAPosition) {
  const auto plain = read(R"({"channel":"c"})");
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->from);
  const auto from = read(R"({"epoch":"e","from":7,"channel":"c"})");
  ASSERT_TRUE(from);
  EXPECT_EQ(from->channel, "c");
  EXPECT_EQ(from->from, 7U);
  EXPECT_EQ(from->epoch, "e");
}

TEST(Arguments, OfSubscribeAreRefusedByName) {
  for (const auto* params :
       {R"({})", R"({"channel":1})", R"({"channel":"c","from":1})",
        R"({"channel":"c","epoch":"e"})", R"({"channel":"c","epoch":"e","from":0})",
        R"({"channel":"c","epoch":"e","from":-1})", R"({"channel":"c","epoch":"e","from":"1"})",
        R"({"channel":"c","epoch":5,"from":1})", R"({"channel":"c","x":1})"}) {
    EXPECT_FALSE(read(params)) << params;
  }
}

}  // namespace
}  // namespace transport_ws::rpc
