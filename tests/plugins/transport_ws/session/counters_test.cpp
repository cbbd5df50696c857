// tests/plugins/transport_ws/session/counters_test.cpp - a count may live in somebody else's word.
#include "session/counters.hpp"

#include <gtest/gtest.h>

namespace transport_ws::session {
namespace {

TEST(Count, LivesAtHomeOrElsewhere) {
  Count home;
  home.add();
  home.add(4);
  EXPECT_EQ(home.value(), 5U);

  std::uint64_t word = 0;
  Count away;
  away.live_in(word);
  away.add(3);
  EXPECT_EQ(word, 3U);
  EXPECT_EQ(away.value(), 3U);
}

TEST(Level, RisesAndFalls) {
  Level level;
  level.set(5);
  level.add(2);
  level.add(-4);
  EXPECT_EQ(level.value(), 3);
}

TEST(StatusClass, IsTheHundreds) {
  EXPECT_EQ(status_classes[class_of(200)], "2xx");
  EXPECT_EQ(status_classes[class_of(204)], "2xx");
  EXPECT_EQ(status_classes[class_of(304)], "3xx");
  EXPECT_EQ(status_classes[class_of(431)], "4xx");
  EXPECT_EQ(status_classes[class_of(504)], "5xx");
}

}  // namespace
}  // namespace transport_ws::session
