// tests/host/runtime/batch_budget_test.cpp - dear items make short batches, cheap ones long ones.
#include "host/runtime/batch_budget.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace host::runtime {
namespace {

TEST(BatchBudget, GrowsToTheMostWhileItemsAreCheap) {
  BatchBudget budget(256);
  for (int i = 0; i < 10; ++i) {
    budget.took(budget.count(), budget.count() * 20);
  }
  EXPECT_EQ(budget.count(), 256U);
}

TEST(BatchBudget, ShrinksAtOnceWhenItemsAreDear) {
  BatchBudget budget(256);
  budget.took(16, 16 * batch_ns_max);
  EXPECT_EQ(budget.count(), 1U);
  budget.took(0, 0);
  EXPECT_EQ(budget.count(), 1U);
}

RC_GTEST_PROP(BatchBudget, NextBatchFitsTheTimeIfItemsStayAsTheyWere, ()) {
  BatchBudget budget(256);
  for (const std::uint64_t ns_per_item : *rc::gen::container<std::vector<std::uint64_t>>(
           rc::gen::inRange<std::uint64_t>(0, 1'000'000))) {
    const std::size_t count = budget.count();
    budget.took(count, ns_per_item * count);
    RC_ASSERT(budget.count() >= 1U);
    RC_ASSERT(budget.count() <= 256U);
    RC_ASSERT(budget.count() == 1U || budget.count() * ns_per_item <= batch_ns_max);
  }
}

}  // namespace
}  // namespace host::runtime
