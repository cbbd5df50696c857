// tests/host/slot/handle_table_test.cpp - stale, forged and foreign handles are answered, never
// followed.
#include "host/slot/handle_table.hpp"

#include <map>
#include <rapidcheck.h>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace host::slot {
namespace {

TEST(HandleTable, FindsWhatItHoldsAndNothingElse) {
  HandleTable<std::string> table(HandleKind::channel, 5, 100);
  const std::uint64_t handle = table.add("a");
  ASSERT_NE(handle, 0U);
  EXPECT_EQ(handle >> 56U, static_cast<std::uint64_t>(HandleKind::channel));
  EXPECT_EQ(*table.find(handle), "a");
  EXPECT_EQ(table.find(handle + 1), nullptr);
  EXPECT_EQ(table.find(handle ^ (std::uint64_t{1} << 30U)), nullptr);
  EXPECT_EQ(table.find(handle ^ (std::uint64_t{1} << 56U)), nullptr);
  EXPECT_EQ(table.find(0), nullptr);
  EXPECT_EQ(table.remove(handle), "a");
  EXPECT_EQ(table.find(handle), nullptr);
  EXPECT_FALSE(table.remove(handle));
}

TEST(HandleTable, IsFullAtItsLimit) {
  HandleTable<int> table(HandleKind::call, 1, 3);
  EXPECT_NE(table.add(1), 0U);
  EXPECT_NE(table.add(2), 0U);
  const std::uint64_t third = table.add(3);
  EXPECT_EQ(table.add(4), 0U);
  table.remove(third);
  EXPECT_NE(table.add(4), 0U);
}

TEST(HandleTable, AnotherTablesHandleIsStaleHere) {
  HandleTable<int> mine(HandleKind::call, 100, 10);
  HandleTable<int> other(HandleKind::call, 200, 10);
  const std::uint64_t handle = other.add(1);
  (void)mine.add(1);
  EXPECT_EQ(mine.find(handle), nullptr);
}

TEST(HandleTable, BehavesLikeAMapWhoseKeysNeverComeBack) {
  const bool held = rc::check("model", [] {
    HandleTable<int> table(HandleKind::lease, 0xFFFFFFFFU,
                           64);  // the generation wraps around at once
    std::map<std::uint64_t, int> model;
    std::set<std::uint64_t> gone;
    for (const int step : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 100))) {
      if (step < 60) {
        const std::uint64_t handle = table.add(step);
        RC_ASSERT((handle == 0) == (model.size() == 64));
        if (handle != 0) {
          RC_ASSERT(!model.contains(handle));
          RC_ASSERT(!gone.contains(handle));
          model[handle] = step;
        }
      } else if (!model.empty()) {
        const auto victim = model.begin();
        RC_ASSERT(table.remove(victim->first) == victim->second);
        gone.insert(victim->first);
        model.erase(victim);
      }
    }
    for (const auto& [handle, value] : model) {
      RC_ASSERT(*table.find(handle) == value);
    }
    for (const std::uint64_t handle : gone) {
      RC_ASSERT(table.find(handle) == nullptr);
    }
    RC_ASSERT(table.take_all().size() == model.size());
    RC_ASSERT(table.size() == 0U);
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace host::slot
