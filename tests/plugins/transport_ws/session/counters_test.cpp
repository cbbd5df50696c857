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

}  // namespace
}  // namespace transport_ws::session
