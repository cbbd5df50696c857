// tests/sdk/cpp/metric_test.cpp - counters, gauges, histograms in the host's cells.
#include "backplane/cpp/metric.hpp"

#include <array>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "in_task.hpp"

namespace {

TEST(Metric, CountsInTheHostsCells) {
  tests::Stage stage;
  const auto requests = stage.cx().counters({.name = "requests", .help = "h", .labels = {"code"}});
  requests.bind({"200"}).add();
  requests.bind({"500"}).add(2);
  const bp::gauge depth = stage.cx().gauge("depth", "h");
  depth.set(4);
  depth.add(-1.5);
  depth.set(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(stage.host().metric("requests"), 3);
  EXPECT_EQ(stage.host().metric("depth"), 2.5);
}

TEST(Metric, FactsAndStatesHaveKindsOfTheirOwn) {
  tests::Stage stage;
  stage.cx().facts({.name = "build", .help = "h", .labels = {"version"}}, {"1.2.3"});
  const auto mode = stage.cx().statesets({.name = "mode", .help = "h", .labels = {"mode"}});
  mode.bind({"fast"}).set(1);
  mode.bind({"slow"}).set(0);
  EXPECT_EQ(stage.host().metric("build"), 0) << "an info's cell is not written";
  EXPECT_EQ(stage.host().metric("mode"), 1);
}

TEST(Metric, SnapshotsComeInPartsAndSayWhatIsKnown) {
  tests::Stage stage;
  EXPECT_EQ(stage.cx().metric_parts(0)->size(), 1U);
  const std::string part(sizeof(bp_metric_snapshot) + 8, 'x');
  stage.host().set_metric_snapshot({part, part + "y"});
  const auto parts = stage.cx().metric_parts(7);
  ASSERT_TRUE(parts);
  ASSERT_EQ(parts->size(), 2U);
  EXPECT_EQ(bp::as_text(parts->at(1).bytes()), part + "y");
  EXPECT_EQ(stage.host().known_metric_shape(), 7U);
}

TEST(Metric, WhatBelongsToATraceIsToldBesideTheCell) {
  tests::Stage stage;
  const bp::trace_context trace{1, 2, 3};
  const bp::histogram wait = stage.cx().histogram("wait", "h");
  EXPECT_TRUE(stage.cx().exemplar(wait, 0.5, trace));
  EXPECT_EQ(stage.host().metric("wait"), 0) << "it counts nothing";
  const auto told = stage.host().exemplars("wait");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].value, 0.5);
  EXPECT_EQ(told[0].trace, trace);
  const bp::counter requests = stage.cx().counter("requests", "h");
  EXPECT_TRUE(stage.cx().exemplar(requests, 1, trace));
  EXPECT_FALSE(stage.cx().exemplar(bp::histogram(), 1, trace));
}

TEST(Metric, WithoutACellItSwallows) {
  bp::counter().add();
  bp::gauge().set(1);
  bp::histogram().observe(1);
}

TEST(Metric, FindsTheBucketAsTheLawSays) {
  std::array<std::uint64_t, 8> buckets{};
  bp_metric_cell cell{};
  cell.buckets = buckets.data();
  cell.index_shift = 52;   // one bucket for each power of two
  cell.index_base = 1023;  // bucket 1 begins above 1.0
  cell.n_buckets = 8;
  cell.kind = BP_METRIC_HISTOGRAM;
  const bp::histogram histogram(&cell);
  for (const double value : {-1.0, 0.5, 1.0, 1.9, 2.0, 3.0, 1e9}) {
    histogram.observe(value);
  }
  histogram.observe(std::nan(""));
  EXPECT_EQ(buckets[0], 3U) << "a bound is inclusive";
  EXPECT_EQ(buckets[1], 2U);
  EXPECT_EQ(buckets[2], 1U);
  EXPECT_EQ(buckets[7], 1U) << "the last bucket has no upper bound";
  EXPECT_EQ(cell.value, 7U);
  EXPECT_EQ(cell.refused, 1U);
  EXPECT_DOUBLE_EQ(std::bit_cast<double>(cell.sum), -1.0 + 0.5 + 1.0 + 1.9 + 2.0 + 3.0 + 1e9);
}

}  // namespace
