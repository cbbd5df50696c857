// tests/host/manifest/units_test.cpp - durations and sizes, both ways.
#include "host/manifest/units.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace {

using namespace host::manifest;
using namespace std::chrono_literals;

TEST(Units, ReadsDurations) {
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("30s"), 30s);
  EXPECT_EQ(parse_duration("5m"), 5min);
  EXPECT_EQ(parse_duration("1h"), 1h);
  EXPECT_EQ(parse_duration("7us"), 7us);
  EXPECT_EQ(parse_duration("9ns"), 9ns);
  EXPECT_EQ(parse_duration("0s"), 0s);
}

TEST(Units, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "5", "s", "-1s", "+1s", "1.5s", " 1s", "1 s", "1s ", "1S", "1sec",
                           "99999999999999999999s", "2562048h", "1h30m"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Units, ReadsSizes) {
  EXPECT_EQ(parse_size("64KiB"), 65'536U);
  EXPECT_EQ(parse_size("64KB"), 64'000U);
  EXPECT_EQ(parse_size("2MiB"), 2'097'152U);
  EXPECT_EQ(parse_size("1GB"), 1'000'000'000U);
  EXPECT_EQ(parse_size("12"), 12U);
  EXPECT_EQ(parse_size("12B"), 12U);
  EXPECT_FALSE(parse_size("12k"));
  EXPECT_FALSE(parse_size("-1"));
  EXPECT_FALSE(parse_size("1.5MiB"));
  EXPECT_FALSE(parse_size("18446744073709551615KiB"));
}

TEST(Units, WritesTheLargestExactUnit) {
  EXPECT_EQ(duration_text(90s), "90s");
  EXPECT_EQ(duration_text(120s), "2m");
  EXPECT_EQ(duration_text(1500us), "1500us");
  EXPECT_EQ(duration_text(0s), "0s");
  EXPECT_EQ(size_text(0), "0");
  EXPECT_EQ(size_text(65'536), "64KiB");
  EXPECT_EQ(size_text(1'000), "1000");
}

RC_GTEST_PROP(Units, DurationsReadBack, ()) {
  const Duration value(*rc::gen::positive<std::int64_t>());
  RC_ASSERT(parse_duration(duration_text(value)) == value);
}

RC_GTEST_PROP(Units, SizesReadBack, (std::uint64_t bytes)) {
  RC_ASSERT(parse_size(size_text(bytes)) == bytes);
}

}  // namespace
