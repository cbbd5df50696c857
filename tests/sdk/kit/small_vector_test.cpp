// tests/sdk/kit/small_vector_test.cpp - the first items are in place, more go to the heap.
#include "backplane/kit/small_vector.hpp"

#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace {

template <typename Vector>
bool in_place(const Vector& vector) {
  const auto* first = reinterpret_cast<const char*>(vector.data());
  const auto* self = reinterpret_cast<const char*>(&vector);
  return first >= self && first < self + sizeof(vector);
}

TEST(SmallVector, HoldsTheFirstItemsInPlace) {
  bp::kit::small_vector<int, 4> vector{1, 2, 3, 4};
  EXPECT_TRUE(in_place(vector));
  vector.push_back(5);
  EXPECT_FALSE(in_place(vector));
  EXPECT_EQ(vector.back(), 5);
}

RC_GTEST_PROP(SmallVector, IsAVector, (const std::vector<int>& items)) {
  bp::kit::small_vector<int, 8> vector(items.begin(), items.end());
  RC_ASSERT(std::vector<int>(vector.begin(), vector.end()) == items);
  RC_ASSERT(in_place(vector) == (items.size() <= 8));
}

}  // namespace
