// tests/plugins/storage_sqlite/kv/schema_test.cpp - the released steps stay as they are.
#include "kv/schema.hpp"

#include <gtest/gtest.h>

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
  ASSERT_EQ(schema().newest(), 2);
  EXPECT_EQ(migration::checksum(schema().steps[0]), "bab4533637ce0a84");
  EXPECT_EQ(migration::checksum(schema().steps[1]), "24c31c9e30ff1e46");
}

TEST(KvSchema, NoEtagComesBackOnTheWayUpAndDown) {
  const Scratch scratch;
  engine::Connection connection = open_writer(scratch.path());
  must(migration::migrate(connection, schema(), 1));
  must(
      connection.execute("UPDATE kv_counter SET etag = 7;"
                         "INSERT INTO kv (space, key, value, etag, updated_ms)"
                         " VALUES ('old', 'k', x'31', 3, 9)"));
  must(migration::migrate(connection, schema(), 2));
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

}  // namespace
}  // namespace storage_sqlite::kv
