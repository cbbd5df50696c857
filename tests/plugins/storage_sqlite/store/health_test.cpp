// tests/plugins/storage_sqlite/store/health_test.cpp - damage stops writes, an old schema stops
// all.
#include "store/health.hpp"

#include <gtest/gtest.h>

#include "scratch.hpp"

namespace storage_sqlite::store {
namespace {

using storage_sqlite::testing::fails_with;

bp::result<int> damaged() {
  return bp::fail(BP_E_CORRUPT, "CORRUPT: malformed");
}

TEST(Health, DamageThatWasSeenStopsWritesAndNotReads) {
  Health health;
  EXPECT_TRUE(health.may_write());
  EXPECT_EQ(*health.seen(bp::result<int>(7)), 7);
  (void)health.seen(bp::result<int>(bp::fail(BP_E_IO, "DISK_FULL: full")));
  EXPECT_TRUE(health.may_write()) << "a full disk is no damage";
  EXPECT_TRUE(fails_with(health.seen(damaged()), BP_E_CORRUPT, "malformed"));
  EXPECT_TRUE(health.quarantined());
  EXPECT_TRUE(health.may_read());
  EXPECT_TRUE(fails_with(health.may_write(), BP_E_CORRUPT, "CORRUPT: malformed"));
  health.quarantine({BP_E_CORRUPT, "another"});
  EXPECT_EQ(health.damage(), "CORRUPT: malformed") << "the first is told";
  health.clear();
  EXPECT_TRUE(health.may_write());
  EXPECT_EQ(health.damage(), "");
}

TEST(Health, AnOldSchemaStopsEverything) {
  Health health;
  health.set_behind(true);
  EXPECT_TRUE(fails_with(health.may_read(), BP_E_STATE, "backplane migrate up"));
  EXPECT_TRUE(fails_with(health.may_write(), BP_E_STATE, "SCHEMA_OLD"));
  health.set_behind(false);
  EXPECT_TRUE(health.may_write());
}

}  // namespace
}  // namespace storage_sqlite::store
