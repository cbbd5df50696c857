// tests/sdk/cpp/quantity_test.cpp - durations, sizes and times as people write them.
#include "backplane/cpp/quantity.hpp"

#include <chrono>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

using namespace std::chrono_literals;

namespace {

namespace quantity = bp::quantity;

TEST(Duration, ReadsNumbersWithUnits) {
  EXPECT_EQ(quantity::duration("250ms"), 250ms);
  EXPECT_EQ(quantity::duration("1.5s"), 1500ms);
  EXPECT_EQ(quantity::duration("1h30m"), 90min);
  EXPECT_EQ(quantity::duration("0s"), 0s);
  EXPECT_EQ(quantity::duration("2d"), 48h);
  EXPECT_EQ(quantity::duration("0.000000001s"), 1ns);
}

TEST(Duration, RefusesEverythingElse) {
  for (const char* text : {"", "s", "5", "-1s", "5 s", "5sec", "1.s", "1h30", "0.5ns", "1e3s",
                           "300000d", "5s ", "99999999999999999999s"}) {
    EXPECT_FALSE(quantity::duration(text)) << text;
  }
}

TEST(Size, KnowsBothKindsOfPrefixes) {
  EXPECT_EQ(quantity::size("64KiB")->bytes, 65536U);
  EXPECT_EQ(quantity::size("64kB")->bytes, 64000U);
  EXPECT_EQ(quantity::size("1.5MiB")->bytes, 1572864U);
  for (const char* text : {"", "64", "KiB", "64K", "64KiB2B", "-1B", "0.5B"}) {
    EXPECT_FALSE(quantity::size(text)) << text;
  }
}

TEST(Time, ReadsRfc3339) {
  const auto seconds = [](const char* text) {
    return std::chrono::floor<std::chrono::seconds>(*quantity::time(text))
        .time_since_epoch()
        .count();
  };
  EXPECT_EQ(seconds("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(seconds("2026-11-25T20:45:13Z"), 1795639513);
  EXPECT_EQ(seconds("2026-11-25T22:45:13+02:00"), 1795639513);
  EXPECT_EQ(seconds("2026-11-25 15:15:13.999-05:30"), 1795639513);
  EXPECT_EQ(seconds("2016-12-31T23:59:60Z"), 1483228799) << "a leap second";
}

TEST(Time, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "2026-11-25", "2026-11-25T20:45Z", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-11-25T24:00:00Z", "2026-11-25T20:60:00Z", "2026-11-25T20:45:13", "26-11-25T20:45:13Z",
        "2026-11-25T20:45:13.Z", "2026-11-25T20:45:13+2:00", "2026-11-25T20:45:13Zx"}) {
    EXPECT_FALSE(quantity::time(text)) << text;
  }
}

RC_GTEST_PROP(TimeProperty, WhatIsWrittenReadsBackTheSame, ()) {
  const auto ns =
      *rc::gen::inRange<std::int64_t>(-9'000'000'000'000'000'000, 9'000'000'000'000'000'000);
  const quantity::time_point point{std::chrono::nanoseconds(ns)};
  RC_ASSERT(quantity::time(quantity::text_of(point)) == point);
}

RC_GTEST_PROP(DurationProperty, WhatIsWrittenReadsBackTheSame, ()) {
  const std::chrono::nanoseconds value(
      *rc::gen::inRange<std::int64_t>(0, 9'000'000'000'000'000'000));
  RC_ASSERT(quantity::duration(quantity::text_of(value)) == value);
}

}  // namespace
