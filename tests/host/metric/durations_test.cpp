// tests/host/metric/durations_test.cpp - each duration has the place of its bound.
#include "host/metric/durations.hpp"

#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace host::metric {
namespace {

std::size_t searched(std::uint64_t ns) {
  return static_cast<std::size_t>(std::ranges::lower_bound(duration_bounds_ns, ns) -
                                  duration_bounds_ns.begin());
}

TEST(Durations, ABoundBelongsToItsPlace) {
  for (const std::uint64_t bound : duration_bounds_ns) {
    for (const std::uint64_t ns : {bound - 1, bound, bound + 1}) {
      EXPECT_EQ(duration_place(ns), searched(ns)) << ns;
    }
  }
  EXPECT_EQ(duration_place(0), 0U);
  EXPECT_EQ(duration_place(~std::uint64_t{0}), duration_bounds_ns.size());
}

RC_GTEST_PROP(Durations, ThePlaceIsThatOfASearch, ()) {
  const auto ns = *rc::gen::arbitrary<std::uint64_t>() >> *rc::gen::inRange(0, 64);
  RC_ASSERT(duration_place(ns) == searched(ns));
}

TEST(Durations, CountsAndSumsAddUp) {
  Durations one;
  one.add(5);
  one.add_shared(2'000'000'000);
  DurationCounts both = one.counts();
  Durations other;
  other.add(7);
  both += other.counts();
  EXPECT_EQ(both.count(), 3U);
  EXPECT_EQ(both.places.at(0), 2U);
  EXPECT_EQ(both.places.at(duration_place(2'000'000'000)), 1U);
  EXPECT_EQ(both.sum_ns, 2'000'000'012U);
}

}  // namespace
}  // namespace host::metric
