// tests/plugins/storage_sqlite/kv/expiry_test.cpp - collecting in small batches, and the mark of
// the clock.
#include "kv/expiry.hpp"

#include <string>

#include <gtest/gtest.h>

#include "kv/changes.hpp"
#include "kv/clock.hpp"
#include "kv/tables.hpp"

namespace storage_sqlite::kv {
namespace {

using storage_sqlite::testing::must;

class KvExpiryTest : public TablesTest {
 protected:
  KvExpiryTest() : TablesTest({.wall_ms = 77, .clock_ms = 10'000}) {}

  void put_for(const std::string& space, const std::string& key, std::int64_t ttl_ms) {
    must(put(connection_, {space, key}, {"v", ttl_ms}, {}, turn_));
  }

  std::int64_t keys() { return must(connection_.number("SELECT count(*) FROM kv")); }
};

TEST_F(KvExpiryTest, CollectsTheLongestExpiredFirstAndNotesIt) {
  put_for("a", "late", 300);
  put_for("a", "early", 100);
  put_for("b", "middle", 200);
  put_for("a", "never", 0);
  EXPECT_EQ(must(first_expiry(connection_)), 10'100);
  turn_.clock_ms = 20'000;
  const Collected first = must(collect(connection_, 2, turn_));
  EXPECT_EQ(first.keys, 2U);
  EXPECT_EQ(first.newest.at("a"), 4);
  EXPECT_EQ(first.newest.at("b"), 2);
  const Changes noted = must(changes(connection_, "a", 3, 10));
  ASSERT_EQ(noted.changes.size(), 1U);
  EXPECT_EQ(noted.changes[0].key, "early");
  EXPECT_EQ(noted.changes[0].op, ChangeOp::Expire);
  EXPECT_EQ(must(collect(connection_, 2, turn_)).keys, 1U);
  EXPECT_EQ(must(collect(connection_, 2, turn_)).keys, 0U);
  EXPECT_EQ(must(first_expiry(connection_)), 0) << "nothing is left to expire";
  EXPECT_EQ(keys(), 1) << "what has no time to live stays";
}

TEST_F(KvExpiryTest, WhatWasWrittenAnewIsNotCollected) {
  put_for("a", "k", 100);
  turn_.clock_ms += 500;
  put_for("a", "k", 0);
  EXPECT_EQ(must(collect(connection_, 10, turn_)).keys, 0U);
  EXPECT_EQ(keys(), 1);
}

TEST_F(KvExpiryTest, UsesThePartialIndex) {
  auto plan =
      must(connection_.prepare("EXPLAIN QUERY PLAN SELECT 1 FROM kv INDEXED BY kv_expiry"
                               " WHERE expires_ms IS NOT NULL AND expires_ms <= 5 LIMIT 1"));
  ASSERT_TRUE(must(plan.step()));
  EXPECT_NE(plan.text(3).find("SEARCH kv USING"), std::string::npos) << plan.text(3);
}

// The wall clock is set back while the process is down: what expired stays expired, and what lives
// keeps what it had left.
TEST_F(KvExpiryTest, AClockThatWasSetBackWakesNoKeyAndEndsNone) {
  put_for("a", "short", 1'000);
  put_for("a", "long", 60'000);
  turn_.clock_ms += 2'000;
  must(collect(connection_, 10, turn_));
  const Clock after(must(clock_mark(connection_)), /*wall_ms=*/1'000);
  EXPECT_GE(after.now_ms(), turn_.clock_ms);
  EXPECT_EQ(must(get(connection_, {"a", "long"}, turn_.clock_ms)).ttl_left_ms, 58'000);
  EXPECT_FALSE(get(connection_, {"a", "short"}, after.now_ms()));
}

TEST_F(KvExpiryTest, TheMarkOnlyRises) {
  must(note_clock(connection_, 5'000));
  EXPECT_EQ(must(clock_mark(connection_)), 5'000);
  must(note_clock(connection_, 5'500));
  EXPECT_EQ(must(clock_mark(connection_)), 5'000) << "not every write writes it";
  must(note_clock(connection_, 6'000));
  EXPECT_EQ(must(clock_mark(connection_)), 6'000);
  must(note_clock(connection_, 1));
  EXPECT_EQ(must(clock_mark(connection_)), 6'000);
}

}  // namespace
}  // namespace storage_sqlite::kv
