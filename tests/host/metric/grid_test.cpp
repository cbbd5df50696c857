// tests/host/metric/grid_test.cpp - bounds move up by at most one sixteenth, and never past a
// value.
#include "host/metric/grid.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace host::metric {
namespace {

TEST(Grid, TheDefaultReachesFromOneMillisecondToTenSeconds) {
  const auto grid = make_grid({});
  ASSERT_TRUE(grid);
  EXPECT_EQ(grid->bounds.size(), 13U);
  EXPECT_GE(grid->bounds.front().upper, 0.001);
  EXPECT_LE(grid->bounds.back().upper, 10.0 * 17 / 16);
  EXPECT_EQ(grid->bounds.front().bucket, 0U);
  EXPECT_EQ(grid->n_buckets, grid->bounds.back().bucket + 2);
}

TEST(Grid, RefusesBoundsThatMakeNoSense) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (const auto& bounds : std::vector<std::vector<double>>{{0.0},
                                                             {-1.0, 1.0},
                                                             {1.0, 1.0},
                                                             {2.0, 1.0},
                                                             {nan},
                                                             {1.0, infinity, infinity},
                                                             {std::numeric_limits<double>::max()},
                                                             {1e-12, 1e12}}) {
    const auto grid = make_grid(bounds);
    ASSERT_FALSE(grid) << bounds.front();
    EXPECT_EQ(grid.error().code(), BP_E_INVALID);
  }
  EXPECT_FALSE(make_grid(std::vector<double>(BP_METRIC_BOUNDS_MAX + 1, 1.0)));
}

TEST(Grid, InfinityAtTheEndIsUnderstood) {
  const std::array bounds{1.0, std::numeric_limits<double>::infinity()};
  const auto grid = make_grid(bounds);
  ASSERT_TRUE(grid);
  EXPECT_EQ(grid->bounds.size(), 1U);
}

TEST(Grid, ABoundOnALineStaysWhereItIs) {
  const auto grid = make_grid(std::array{0.5, 1.0, 1.0625, 10.0});
  ASSERT_TRUE(grid);
  ASSERT_EQ(grid->bounds.size(), 4U);
  EXPECT_EQ(grid->bounds[0].upper, 0.5);
  EXPECT_EQ(grid->bounds[1].upper, 1.0);
  EXPECT_EQ(grid->bounds[2].upper, 1.0625);
  EXPECT_EQ(grid->bounds[3].upper, 10.0);
}

TEST(Grid, BoundsOnTheSameLineBecomeOne) {
  const auto grid = make_grid(std::array{1.01, 1.02, 2.0});
  ASSERT_TRUE(grid);
  EXPECT_EQ(grid->bounds.size(), 2U);
}

RC_GTEST_PROP(Grid, EveryBoundMovesUpByAtMostASixteenth, ()) {
  auto wanted = *rc::gen::nonEmpty(rc::gen::container<std::vector<double>>(
      rc::gen::map(rc::gen::inRange(1, 1'000'000), [](int n) { return n / 1'000.0; })));
  std::ranges::sort(wanted);
  wanted.erase(std::ranges::unique(wanted).begin(), wanted.end());
  if (wanted.size() > BP_METRIC_BOUNDS_MAX) {
    wanted.resize(BP_METRIC_BOUNDS_MAX);
  }
  const auto grid = make_grid(wanted);
  RC_ASSERT(grid.has_value());
  RC_ASSERT(std::ranges::is_sorted(grid->bounds, {}, &Bound::upper));
  for (const double bound : wanted) {
    const auto at = std::ranges::lower_bound(grid->bounds, bound, {}, &Bound::upper);
    RC_ASSERT(at != grid->bounds.end());
    RC_ASSERT(at->upper <= bound * (1 + 1.0 / 16));
  }
}

}  // namespace
}  // namespace host::metric
