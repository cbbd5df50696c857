// tests/plugins/storage_sqlite/kv/counters_test.cpp - no number is given twice, whatever takes the
// place of the database that gave it.
#include "kv/counters.hpp"

#include <string>

#include <gtest/gtest.h>

#include "kv/changes.hpp"
#include "kv/outbox.hpp"
#include "kv/schema.hpp"
#include "scratch.hpp"

namespace storage_sqlite::kv {
namespace {

using storage_sqlite::testing::fails_with;
using storage_sqlite::testing::must;
using storage_sqlite::testing::open_writer;
using storage_sqlite::testing::Scratch;

class KvCountersTest : public ::testing::Test {
 protected:
  KvCountersTest() {
    must(migration::migrate(old_, schema(), schema().newest()));
    must(migration::migrate(present_, schema(), schema().newest()));
  }

  static std::int64_t write(engine::Connection& connection, const std::string& space) {
    return must(put(connection, {space, "k"}, {"v", 0}, {}, {}));
  }

  static std::int64_t send(engine::Connection& connection, const std::string& channel) {
    return must(publish(connection, "s", channel, "1", {}));
  }

  void carry(bool whole = true) {
    Counters counters = must(read_counters(present_));
    counters.whole = whole;
    must(carry_on(old_, counters, 9));
  }

  Scratch scratch_;
  engine::Connection old_ = open_writer(scratch_.path("old.db"));
  engine::Connection present_ = open_writer(scratch_.path("present.db"));
};

TEST_F(KvCountersTest, TheLargerNumberIsCarriedOn) {
  write(old_, "behind");
  for (int count = 0; count < 3; ++count) {
    write(old_, "ahead");
    write(present_, "behind");
    write(present_, "new");
    send(present_, "new");
    send(present_, "behind");
    send(old_, "ahead");
  }
  send(old_, "behind");
  send(present_, "ahead");
  must(present_.execute("UPDATE kv_clock SET at_ms = 4000"));
  carry();
  EXPECT_EQ(must(old_.number("SELECT at_ms FROM kv_clock")), 4000);
  for (const char* space : {"ahead", "behind", "new"}) {
    EXPECT_EQ(must(newest_seq(old_, space)), 4) << space << ": one is left out";
    EXPECT_EQ(write(old_, space), 5) << space;
  }
  for (const char* channel : {"ahead", "behind", "new"}) {
    EXPECT_EQ(send(old_, channel), 4) << channel;
  }
  EXPECT_EQ(write(old_, "never"), 1);
  EXPECT_EQ(send(old_, "never"), 1);
  EXPECT_EQ(must(waiting_messages(old_, "ahead", 10, 1'000)).size(), 4U) << "what waits is kept";
}

TEST_F(KvCountersTest, WhoeverKnowsAnOlderNumberIsToldToListAnew) {
  write(old_, "a");
  write(present_, "a");
  write(present_, "a");
  carry();
  for (const std::uint64_t since : {0U, 1U, 2U}) {
    EXPECT_TRUE(fails_with(changes(old_, "a", since, 10), BP_E_RANGE, "go on from 3")) << since;
  }
  EXPECT_TRUE(must(changes(old_, "a", 3, 10)).changes.empty());
  EXPECT_EQ(write(old_, "a"), 4);
  EXPECT_TRUE(fails_with(changes(old_, "a", 2, 10), BP_E_RANGE, "CHANGES_GONE"));
  EXPECT_EQ(must(kept_since(old_, "a")), 3);
  const Changes after = must(changes(old_, "a", 3, 10));
  ASSERT_EQ(after.changes.size(), 1U);
  EXPECT_EQ(after.changes[0].seq, 4);
}

TEST_F(KvCountersTest, BehindADamagedDatabaseEveryNumberIsFarAbove) {
  write(old_, "a");
  send(old_, "c");
  carry(false);
  EXPECT_GT(write(old_, "a"), unread_numbers);
  EXPECT_GT(write(old_, "of whom nothing is known"), unread_numbers);
  EXPECT_GT(send(old_, "c"), unread_numbers);
  EXPECT_GT(send(old_, "unknown"), unread_numbers);
}

TEST_F(KvCountersTest, OlderVersionsHaveFewer) {
  must(present_.execute("UPDATE kv_counter SET etag = 70"));
  must(migration::migrate(present_, schema(), 1));
  EXPECT_EQ(must(read_counters(present_)).etag, 70);
  write(old_, "a");
  carry();
  EXPECT_EQ(write(old_, "a"), 72);
  EXPECT_EQ(write(old_, "b"), 71);
  must(migration::migrate(present_, schema(), 0));
  EXPECT_EQ(must(read_counters(present_)).etag, 0);
}

}  // namespace
}  // namespace storage_sqlite::kv
