// tests/plugins/storage_sqlite/kv/schema_test.cpp - the released steps stay as they are.
#include "kv/schema.hpp"

#include <string>

#include <gtest/gtest.h>

#include "kv/changes.hpp"
#include "kv/expiry.hpp"
#include "kv/kv.hpp"
#include "scratch.hpp"

namespace storage_sqlite::kv {
namespace {

using storage_sqlite::testing::must;
using storage_sqlite::testing::open_writer;
using storage_sqlite::testing::Scratch;

TEST(KvSchema, ReleasedStepsHaveTheChecksumsOfEveryDatabaseOutThere) {
  // A change here means that existing databases refuse to open: add a version instead.
  ASSERT_EQ(schema().newest(), 3);
  EXPECT_EQ(migration::checksum(schema().steps[0]), "bab4533637ce0a84");
  EXPECT_EQ(migration::checksum(schema().steps[1]), "24c31c9e30ff1e46");
  EXPECT_EQ(migration::checksum(schema().steps[2]), "77c8cb10e42c8518");
}

TEST(KvSchema, NoEtagComesBackOnTheWayUpAndDown) {
  const Scratch scratch;
  engine::Connection connection = open_writer(scratch.path());
  must(migration::migrate(connection, schema(), 1));
  must(
      connection.execute("UPDATE kv_counter SET etag = 7;"
                         "INSERT INTO kv (space, key, value, etag, updated_ms)"
                         " VALUES ('old', 'k', x'31', 3, 9)"));
  must(migration::migrate(connection, schema(), schema().newest()));
  EXPECT_EQ(must(get(connection, {"old", "k"}, 100)).etag, 3);
  EXPECT_EQ(must(put(connection, {"old", "k"}, {"2", 0}, {}, {})), 8);
  EXPECT_EQ(must(put(connection, {"new", "k"}, {"2", 0}, {}, {})), 8) << "above the old counter";
  EXPECT_EQ(must(put(connection, {"new", "k"}, {"3", 0}, {}, {})), 9);
  must(put(connection, {"new", "gone"}, {"4", 50}, {}, {.clock_ms = 100}));
  must(note_clock(connection, 5'000));
  must(migration::migrate(connection, schema(), 1));
  EXPECT_EQ(must(connection.number("SELECT etag FROM kv_counter")), 10);
  EXPECT_EQ(must(connection.number("SELECT count(*) FROM kv")), 2) << "what expired stays away";
}

TEST(KvSchema, ChangesAreTheSameInVersionsTwoAndThree) {
  const Scratch scratch;
  engine::Connection connection = open_writer(scratch.path());
  must(migration::migrate(connection, schema(), 2));
  constexpr const char* rows =
      "SELECT group_concat(space || seq || op || hex(key) || time_ms, ' ') FROM"
      " (SELECT * FROM kv_changes ORDER BY space, seq)";
  must(connection.execute(
      "INSERT INTO kv_changes VALUES ('a', 7, 1, 'k:\"\\ü' || char(10), 1764144000000),"
      " ('a', 8, 2, '12:k', 1764143999000), ('a', 9, 3, ':', 5), ('b', 4, 4, '', 6),"
      " ('b', 5, 1, 'k', 7), ('c', 3, 4, '', 8)"));
  const std::string before = must(connection.word(rows));
  must(migration::migrate(connection, schema(), 3));
  const Changes found = must(changes(connection, "a", 6, 10));
  ASSERT_EQ(found.changes.size(), 3U);
  EXPECT_EQ(found.changes[0].key, "k:\"\\ü\n");
  EXPECT_EQ(found.changes[0].time_ms, 1'764'144'000'000);
  EXPECT_EQ(found.changes[1].op, ChangeOp::Remove);
  EXPECT_EQ(found.changes[1].key, "12:k");
  EXPECT_EQ(found.changes[2].op, ChangeOp::Expire);
  EXPECT_EQ(must(kept_since(connection, "b")), 4) << "the mark of a restored backup stays one";
  EXPECT_EQ(must(newest_seq(connection, "c")), 3);
  must(migration::migrate(connection, schema(), 2));
  EXPECT_EQ(must(connection.word(rows)), before);
  must(migration::migrate(connection, schema(), 3));
  {
    engine::Transaction transaction = must(engine::Transaction::begin(connection));
    for (int count = 0; count < 300; ++count) {
      const Turn turn{.wall_ms = 1'000 - count};
      must(put(connection, {"d", "k\t" + std::to_string(count)}, {"v", 0}, {}, turn));
    }
    must(transaction.commit());
  }
  EXPECT_EQ(must(connection.number("SELECT count(*) FROM kv_change_packs WHERE space = 'd'")), 3);
  must(migration::migrate(connection, schema(), 2));
  EXPECT_EQ(must(connection.number("SELECT count(*) FROM kv_changes WHERE space = 'd'"
                                   " AND seq BETWEEN 1 AND 300 AND op = 1"
                                   " AND key = 'k' || char(9) || (seq - 1)"
                                   " AND time_ms = 1001 - seq")),
            300);
}

}  // namespace
}  // namespace storage_sqlite::kv
