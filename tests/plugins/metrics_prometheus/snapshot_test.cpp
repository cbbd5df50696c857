// tests/plugins/metrics_prometheus/snapshot_test.cpp - reads what the law describes, refuses the
// rest.
#include "snapshot.hpp"

#include <cstring>
#include <limits>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "exposed.hpp"
#include "snapshot_bytes.hpp"

namespace metrics_prometheus {
namespace {

std::vector<Family> example() {
  Series wait = series({{"channel", "a"}}, 0.0);
  wait.sum = 1.5;
  wait.count = 3;
  wait.buckets = {{0.5, 1}, {std::numeric_limits<double>::infinity(), 3}};
  return {
      family(BP_METRIC_COUNTER, "rows", {series({{"table", "x"}}, 2), series({{"table", "y"}}, 3)}),
      family(BP_METRIC_HISTOGRAM, "wait_seconds", {wait}, "seconds")};
}

TEST(Snapshot, WhatWasWrittenIsRead) {
  const auto families = example();
  const SnapshotBytes bytes(families);
  const auto read = expose(bytes.view(), {}, Format::OpenMetrics);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(*read, *render(families, Format::OpenMetrics));
}

TEST(Snapshot, AnEmptyOneIsSound) {
  const SnapshotBytes bytes({});
  const auto read = Snapshot::open(bytes.view());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->n_families(), 0U);
}

TEST(Snapshot, ANewerHostsLongerHeaderIsRead) {
  SnapshotBytes bytes({});
  const std::uint32_t longer = sizeof(bp_metric_snapshot) + 64;
  std::memcpy(bytes.raw().data(), &longer, sizeof longer);
  EXPECT_TRUE(Snapshot::open(bytes.view()));
}

TEST(Snapshot, EveryTruncationIsRefused) {
  const SnapshotBytes bytes(example());
  for (std::size_t size = 0; size < bytes.view().size(); ++size) {
    const auto read = expose(bytes.view().first(size), {}, Format::Text);
    ASSERT_FALSE(read) << size;
    EXPECT_EQ(read.error().code(), BP_E_CORRUPT);
  }
}

RC_GTEST_PROP(Snapshot, ADamagedOneNeverLeadsOutside, ()) {
  SnapshotBytes bytes(example());
  for (int i = *rc::gen::inRange(1, 8); i > 0; --i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, bytes.raw().size());
    bytes.raw()[at] = *rc::gen::arbitrary<char>();
  }
  // The address sanitizer watches.
  if (const auto read = expose(bytes.view(), {}, Format::OpenMetrics)) {
    RC_ASSERT(!read->empty());
  }
}

}  // namespace
}  // namespace metrics_prometheus
