// tests/plugins/storage_sqlite/records/schema_test.cpp - rows survive the growth of their tables.
#include "records/schema.hpp"

#include <gtest/gtest.h>

#include "records/query.hpp"
#include "scratch.hpp"

namespace storage_sqlite::records {
namespace {

using storage_sqlite::testing::must;
using storage_sqlite::testing::open_writer;
using storage_sqlite::testing::Scratch;

TEST(RecordsSchema, GrowsInThreeVersions) {
  EXPECT_EQ(schema().newest(), 3);
}

TEST(RecordsSchema, ReleasedStepsHaveTheChecksumsOfEveryDatabaseOutThere) {
  // A change here means that existing databases refuse to open: add a version instead.
  const migration::Plan plan = schema();
  EXPECT_EQ(migration::checksum(plan.steps[0]), "83f639315532e8c5");
  EXPECT_EQ(migration::checksum(plan.steps[1]), "79f5d9044da8fda0");
  EXPECT_EQ(migration::checksum(plan.steps[2]), "dc9e1fd14ae0dc20");
}

TEST(RecordsSchema, KeepsAndIndexesTheRowsOfOlderVersions) {
  const Scratch scratch;
  engine::Connection connection = open_writer(scratch.path());
  ASSERT_TRUE(migration::migrate(connection, schema(), 1));
  must(
      connection.execute("INSERT INTO records (id, name, data, sealed, key_id, time_ms, created_ms)"
                         " VALUES ('old', 'quake', x'00ff', 1, 'k1', 5, 6)"));
  ASSERT_TRUE(migration::migrate(connection, schema(), 3));
  const Hits hits = must(search(connection, {.query = "quake"}));
  ASSERT_EQ(hits.hits.size(), 1U);
  EXPECT_EQ(hits.hits[0].record.id, "old");
  EXPECT_EQ(hits.hits[0].record.data, std::string("\x00\xff", 2));
  EXPECT_EQ(hits.hits[0].record.category, "");
  ASSERT_TRUE(migration::migrate(connection, schema(), 1));
  EXPECT_EQ(must(connection.number("SELECT count(*) FROM records WHERE key_id = 'k1'")), 1);
}

}  // namespace
}  // namespace storage_sqlite::records
