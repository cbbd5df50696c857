// tests/host/metric/snapshot_test.cpp - the bytes carry exactly the families.
#include "host/metric/snapshot.hpp"

#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/host/metric/decoded.hpp"

namespace host::metric {
namespace {

using namespace std::chrono_literals;

TEST(Snapshot, AnEmptyOneIsJustAHeader) {
  const auto bytes = encode_snapshot({}, std::chrono::sys_time<std::chrono::nanoseconds>(42ns));
  ASSERT_TRUE(bytes);
  ASSERT_EQ(bytes->size(), sizeof(bp_metric_snapshot));
  const auto header = part<bp_metric_snapshot>(*bytes, 0, 0);
  EXPECT_EQ(header.struct_size, sizeof(bp_metric_snapshot));
  EXPECT_EQ(header.n_families, 0U);
  EXPECT_EQ(header.unix_time_ns, 42U);
}

TEST(Snapshot, EqualTextsAreStoredOnce) {
  Family family{.name = "n", .help = "h", .unit = {}, .label_names = {"channel"}, .series = {}};
  family.add({"a-rather-long-channel-name"}, 1);
  const auto one = encode_snapshot({family}, {});
  Family twin = family;
  twin.name = "m";
  const auto two = encode_snapshot({family, twin}, {});
  EXPECT_EQ(two->size() - one->size(), sizeof(bp_metric_family) + sizeof(bp_metric_series) +
                                           sizeof(bp_metric_label) + sizeof(std::uint64_t) + 1);
}

RC_GTEST_PROP(Snapshot, WhatGoesInComesOut, ()) {
  const auto texts = rc::gen::arbitrary<std::string>();
  std::vector<Family> families;
  for (int f = *rc::gen::inRange(0, 4); f > 0; --f) {
    Family family{.kind = *rc::gen::element(Kind::Counter, Kind::Gauge, Kind::Histogram),
                  .name = *texts,
                  .help = *texts,
                  .unit = *texts,
                  .label_names = {*texts, *texts},
                  .series = {}};
    for (int s = *rc::gen::inRange(1, 4); s > 0; --s) {
      Series series{.label_values = {*texts, *texts}, .buckets = {}};
      series.value = *rc::gen::inRange(-1'000, 1'000);
      series.created_unix_ns = *rc::gen::inRange<std::uint64_t>(0, 3);
      if (*rc::gen::arbitrary<bool>()) {
        series.exemplars = {{1, {.value = 0.5, .unix_time_ns = 7, .trace = {1, 2}}},
                            {3, {.value = 1.5, .unix_time_ns = 8, .trace = {3}}}};
      }
      if (family.kind == Kind::Histogram) {
        series.sum = 0.5;
        series.count = 3;
        series.buckets = {{1.0, 2}, {2.0, 3}};
      }
      family.series.push_back(series);
    }
    families.push_back(family);
  }
  const auto bytes = encode_snapshot(families, {});
  RC_ASSERT(bytes.has_value());
  RC_ASSERT(decode(*bytes) == families);
}

}  // namespace
}  // namespace host::metric
