// tests/host/supervisor/order_test.cpp - providers first; a circle is written out.
#include "host/supervisor/order.hpp"

#include <gtest/gtest.h>

namespace host::supervisor {
namespace {

TEST(StartOrder, KeepsTheFilesOrderWhereNothingIsNeeded) {
  EXPECT_EQ(*start_order({"a", "b", "c"}, {{}, {}, {}}), (std::vector<std::size_t>{0, 1, 2}));
}

TEST(StartOrder, StartsWhatIsNeededFirst) {
  EXPECT_EQ(*start_order({"a", "b", "c"}, {{2}, {0}, {}}), (std::vector<std::size_t>{2, 0, 1}));
}

TEST(StartOrder, WritesACircleOut) {
  const auto order = start_order({"a", "b", "c", "d"}, {{}, {2}, {3}, {1}});
  ASSERT_FALSE(order);
  EXPECT_NE(order.error().text().find("'b' -> 'c' -> 'd' -> 'b'"), std::string::npos)
      << order.error().text();
}

TEST(StartOrder, NoticesWhoNeedsItself) {
  EXPECT_FALSE(start_order({"a"}, {{0}}));
}

}  // namespace
}  // namespace host::supervisor
