// tests/host/metric/joined_test.cpp - one list, in order, without doubles.
#include "host/metric/joined.hpp"

#include <gtest/gtest.h>

namespace host::metric {
namespace {

Family family(std::string name, std::vector<std::string> labels) {
  Family made;
  made.name = std::move(name);
  made.label_names = std::move(labels);
  return made;
}

TEST(Joined, EqualSeriesOfOneNameAddUpAndConflictsAreLeftOut) {
  Family first = family("b", {"x"});
  first.add({"2"}, 1);
  Family same = family("b", {"x"});
  same.add({"2"}, 10);
  same.add({"1"}, 3);
  same.add({"too", "many"}, 1);
  Family other = family("b", {"y"});
  other.add({"1"}, 7);
  Family earlier = family("a", {});
  earlier.add({}, 5);
  const auto joined = in_order({first, same, other, earlier});
  ASSERT_EQ(joined.size(), 2U);
  EXPECT_EQ(joined[0].name, "a");
  ASSERT_EQ(joined[1].series.size(), 2U);
  EXPECT_EQ(joined[1].series[0].value, 3.0);
  EXPECT_EQ(joined[1].series[1].value, 11.0);
}

}  // namespace
}  // namespace host::metric
