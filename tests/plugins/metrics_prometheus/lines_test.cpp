// tests/plugins/metrics_prometheus/lines_test.cpp - prefixes that are made once, numbers that are
// written each time.
#include "lines.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace metrics_prometheus {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::string number(double value) {
  std::array<char, number_bytes_max> digits{};
  return {digits.data(), write_number(digits.data(), value)};
}

Numbers numbers_of(const bp_metric_series& series, std::span<const bp_metric_bucket> buckets) {
  return {.series = reinterpret_cast<const std::byte*>(&series),
          .buckets = std::as_bytes(buckets).data(),
          .n_series = 1,
          .n_buckets = static_cast<std::uint32_t>(buckets.size())};
}

TEST(Lines, NumbersAreShortAndExact) {
  EXPECT_EQ(number(0), "0");
  EXPECT_EQ(number(10'000), "10000");
  EXPECT_EQ(number(1'000'000'000), "1000000000");
  EXPECT_EQ(number(-2.5), "-2.5");
  EXPECT_EQ(number(1e30), "1e+30");
  EXPECT_EQ(number(infinity), "+Inf");
  EXPECT_EQ(number(-infinity), "-Inf");
  EXPECT_EQ(number(std::numeric_limits<double>::quiet_NaN()), "NaN");
}

RC_GTEST_PROP(Lines, NumbersReadBackTheSame, (double value)) {
  const std::string written = number(value);
  double read = 0.0;
  const auto parsed = std::from_chars(written.data(), written.data() + written.size(), read);
  RC_ASSERT(parsed.ptr == written.data() + written.size());
  RC_ASSERT(read == value);
}

TEST(Lines, WhatDoesNotFitIsNotBegun) {
  Lines lines(BP_METRIC_GAUGE, "g", "h", "", Format::Text);
  ASSERT_TRUE(lines.add({}, {}));
  const bp_metric_series series{.first_label = 0,
                                .n_labels = 0,
                                .first_bucket = 0,
                                .n_buckets = 0,
                                .value = 5,
                                .sum = 0,
                                .count = 0};
  std::array<char, 64> memory{};
  Room room{memory.data(), memory.data() + 10};
  EXPECT_FALSE(lines.write_head(room));
  EXPECT_EQ(*lines.write(room, 0, numbers_of(series, {}), 0), 0U);
  EXPECT_EQ(room.at, memory.data());
  room.end = memory.data() + memory.size();
  EXPECT_EQ(*lines.write(room, 0, numbers_of(series, {}), 0), 1U);
  EXPECT_EQ(std::string(memory.data(), room.at), "g 5\n");
}

TEST(Lines, BucketsThatAreNotTheFamilysAreCorrupt) {
  Lines lines(BP_METRIC_HISTOGRAM, "h", "", "", Format::Text);
  const std::array<double, 2> uppers{1.0, infinity};
  ASSERT_TRUE(lines.add({}, uppers));
  EXPECT_EQ(lines.add({}, std::array<double, 1>{infinity}).error().code(), BP_E_CORRUPT);
  std::array<char, 512> memory{};
  const std::array<bp_metric_bucket, 2> buckets{{{1.0, 1}, {infinity, 2}}};
  bp_metric_series series{.first_label = 0,
                          .n_labels = 0,
                          .first_bucket = 1,
                          .n_buckets = 2,
                          .value = 0,
                          .sum = 1.5,
                          .count = 2};
  Room room{memory.data(), memory.data() + memory.size()};
  EXPECT_FALSE(lines.write(room, 0, numbers_of(series, buckets), 0)) << "beyond the last bucket";
  series.first_bucket = 0;
  series.n_buckets = 1;
  EXPECT_FALSE(lines.write(room, 0, numbers_of(series, buckets), 0)) << "too few";
  series.n_buckets = 2;
  EXPECT_TRUE(lines.write(room, 0, numbers_of(series, buckets), 0));
}

}  // namespace
}  // namespace metrics_prometheus
