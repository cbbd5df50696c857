// tests/host/metric/cell_test.cpp - what the host writes is what the law describes.
#include "host/metric/cell.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "host/metric/grid.hpp"

namespace host::metric {
namespace {

class HistogramCell {
 public:
  explicit HistogramCell(std::vector<double> bounds) : grid(make_grid(bounds).value()) {
    counts.resize(grid.n_buckets);
    cell.kind = BP_METRIC_HISTOGRAM;
    cell.buckets = counts.data();
    cell.index_base = grid.index_base;
    cell.index_shift = index_shift;
    cell.n_buckets = grid.n_buckets;
  }

  Grid grid;
  std::vector<std::uint64_t> counts;
  bp_metric_cell cell{};
};

TEST(Cell, CountersAddAndGaugesKeepTheLast) {
  bp_metric_cell counter{};
  add(counter);
  add(counter, 4);
  add_shared(counter, 5);
  EXPECT_EQ(counter.value, 10U);
  bp_metric_cell gauge{};
  set(gauge, -1.5);
  EXPECT_EQ(std::bit_cast<double>(gauge.value), -1.5);
  set(gauge, std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(std::bit_cast<double>(gauge.value), -1.5);
  EXPECT_EQ(gauge.refused, 1U);
}

TEST(Cell, NanIsRefusedAndExtremesGoToTheOuterBuckets) {
  HistogramCell histogram({1.0, 2.0});
  observe(histogram.cell, std::numeric_limits<double>::quiet_NaN());
  observe_shared(histogram.cell, std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(histogram.cell.refused, 2U);
  for (const double low : {-1e300, 0.0, -0.0, 1e-300}) {
    observe(histogram.cell, low);
  }
  EXPECT_EQ(histogram.counts.front(), 4U);
  observe(histogram.cell, 1e300);
  observe(histogram.cell, std::numeric_limits<double>::infinity());
  EXPECT_EQ(histogram.counts.back(), 2U);
  EXPECT_EQ(histogram.cell.value, 6U);
}

TEST(Cell, AValueOfExactlyTheWantedBoundCountsBelowIt) {
  HistogramCell histogram({1.0, 2.0, 4.0});
  observe(histogram.cell, 2.0);
  const std::uint32_t bucket = detail::bucket_of(histogram.cell, 2.0);
  EXPECT_LE(bucket, histogram.grid.bounds[1].bucket);
  EXPECT_GT(bucket, histogram.grid.bounds[0].bucket);
}

RC_GTEST_PROP(Cell, TheBucketsAgreeWithTheBounds, (std::vector<double> values)) {
  values.insert(values.end(), {0.5, 1.0, 10.0, 1'000.0});
  HistogramCell one({0.5, 1.0, 10.0, 1'000.0});
  HistogramCell many({0.5, 1.0, 10.0, 1'000.0});
  for (const double value : values) {
    observe(one.cell, value);
    observe_shared(many.cell, value);
  }
  RC_ASSERT(one.counts == many.counts);
  RC_ASSERT(one.cell.sum == many.cell.sum);
  RC_ASSERT(std::accumulate(one.counts.begin(), one.counts.end(), std::uint64_t{0}) ==
            one.cell.value);
  for (const Bound& bound : one.grid.bounds) {
    const auto below = std::accumulate(one.counts.begin(), one.counts.begin() + bound.bucket + 1,
                                       std::uint64_t{0});
    RC_ASSERT(below == static_cast<std::uint64_t>(std::ranges::count_if(
                           values, [&](double value) { return value <= bound.upper; })));
  }
}

}  // namespace
}  // namespace host::metric
