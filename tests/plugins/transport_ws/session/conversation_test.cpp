// tests/plugins/transport_ws/session/conversation_test.cpp - how much a second; what both kinds of
// conversations do is tested with them.
#include "session/conversation.hpp"

#include <gtest/gtest.h>

namespace transport_ws::session {
namespace {

TEST(Rate, LetsEverythingThroughWithoutALimit) {
  Rate rate;
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_TRUE(rate.admits(0));
  }
}

// A second may turn in between, once; then as many come again.
TEST(Rate, LetsNoMoreThroughThanTheLimit) {
  Rate rate;
  int admitted = 0;
  while (rate.admits(3)) {
    ASSERT_LT(++admitted, 1'000'000);
  }
  EXPECT_GE(admitted, 3);
}

}  // namespace
}  // namespace transport_ws::session
