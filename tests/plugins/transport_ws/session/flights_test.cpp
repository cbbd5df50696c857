// tests/plugins/transport_ws/session/flights_test.cpp - idle is told once, at once or later.
#include "session/flights.hpp"

#include <gtest/gtest.h>

namespace transport_ws::session {
namespace {

TEST(Flights, TellsAtOnceWhenNothingIsOnItsWay) {
  Flights flights;
  int told = 0;
  flights.when_idle([&] { ++told; });
  EXPECT_EQ(told, 1);
  flights.begin();
  flights.end();
  EXPECT_EQ(told, 1);
}

TEST(Flights, TellsWhenTheLastOneHasEnded) {
  Flights flights;
  for (int i = 0; i < 3; ++i) {
    flights.begin();
  }
  int told = 0;
  flights.when_idle([&] { ++told; });
  flights.end(2);
  EXPECT_EQ(told, 0);
  EXPECT_EQ(flights.count(), 1U);
  flights.end();
  EXPECT_EQ(told, 1);
}

}  // namespace
}  // namespace transport_ws::session
