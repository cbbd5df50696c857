// tests/host/metric/exemplar_test.cpp - the last of each bucket, and the later of two lists.
#include "host/metric/exemplar.hpp"

#include <gtest/gtest.h>

namespace host::metric {
namespace {

Exemplar at(double value, std::uint64_t when) {
  return {.value = value, .unix_time_ns = when, .trace = {1}};
}

TEST(Exemplars, TheLastOfEachBucketIsKept) {
  Exemplars kept(3);
  EXPECT_TRUE(kept.all().empty());
  kept.put(2, at(9, 1));
  kept.put(0, at(1, 2));
  kept.put(2, at(8, 3));
  kept.put(3, at(100, 4));  // there is no such bucket
  EXPECT_EQ(kept.all(), (std::vector<BucketExemplar>{{0, at(1, 2)}, {2, at(8, 3)}}));
}

TEST(Exemplars, OfTwoForOneBucketTheLaterIsTaken) {
  const std::vector<BucketExemplar> one{{0, at(1, 5)}, {2, at(3, 5)}};
  const std::vector<BucketExemplar> other{{0, at(2, 9)}, {1, at(4, 1)}, {2, at(5, 4)}};
  const std::vector<BucketExemplar> wanted{{0, at(2, 9)}, {1, at(4, 1)}, {2, at(3, 5)}};
  EXPECT_EQ(joined(one, other), wanted);
  EXPECT_EQ(joined(other, one), wanted);
  EXPECT_EQ(joined({}, one), one);
}

TEST(Exemplars, TheWallClockIsPast2020) {
  EXPECT_GT(unix_now_ns(), 1'577'836'800'000'000'000U);
}

}  // namespace
}  // namespace host::metric
