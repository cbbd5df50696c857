// tests/sdk/kit/recent_test.cpp - the newest stay, the oldest make room and are counted.
#include "backplane/kit/recent.hpp"

#include <memory>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace {

TEST(Recent, ForgetsTheOldest) {
  bp::kit::recent<std::unique_ptr<int>> recent(2);
  for (int i = 1; i <= 3; ++i) {
    recent.push(std::make_unique<int>(i));
  }
  ASSERT_EQ(recent.size(), 2U);
  EXPECT_EQ(*recent[0], 2);
  EXPECT_EQ(*recent.newest(), 3);
  EXPECT_EQ(recent.evicted(), 1U);
  recent.clear();
  EXPECT_TRUE(recent.empty());
  EXPECT_EQ(recent.evicted(), 3U);
}

RC_GTEST_PROP(Recent, IsTheEndOfAllThatWasPushed, (const std::vector<int>& all)) {
  const auto capacity = *rc::gen::inRange<std::size_t>(0, 20);
  bp::kit::recent<int> recent(capacity);
  for (std::size_t i = 0; i < all.size(); ++i) {
    recent.push(all[i]);
    RC_ASSERT(recent.size() == std::min(capacity, i + 1));
    RC_ASSERT(recent.evicted() + recent.size() == i + 1);
    for (std::size_t at = 0; at < recent.size(); ++at) {
      RC_ASSERT(recent[at] == all[recent.evicted() + at]);
    }
  }
}

}  // namespace
