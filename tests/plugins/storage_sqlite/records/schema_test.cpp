// tests/plugins/storage_sqlite/records/schema_test.cpp - rows survive the growth of their tables.
#include "records/schema.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "records/insert.hpp"
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
  EXPECT_EQ(migration::checksum(plan.steps[0]), "58bf08a10da79056");
  EXPECT_EQ(migration::checksum(plan.steps[1]), "5d16a1fef4dd2961");
  EXPECT_EQ(migration::checksum(plan.steps[2]), "ebaf27dd401d93ad");
}

TEST(RecordsSchema, DatabasesOfTheTextsBeforeAreAccepted) {
  const Scratch scratch;
  engine::Connection connection = open_writer(scratch.path());
  ASSERT_TRUE(migration::migrate(connection, schema(), 3));
  int version = 0;
  for (const char* sum : {"83f639315532e8c5", "79f5d9044da8fda0", "dc9e1fd14ae0dc20"}) {
    must(connection.execute("UPDATE backplane_migrations SET checksum = '" + std::string(sum) +
                            "' WHERE version = " + std::to_string(++version)));
    EXPECT_EQ(must(migration::verify(connection, schema())), 3);
  }
  must(connection.execute("UPDATE backplane_migrations SET checksum = '' WHERE version = 2"));
  EXPECT_FALSE(migration::verify(connection, schema()));
}

TEST(RecordsSchema, DatabasesWithoutThePlaceToKeepThingsGoUpAndDown) {
  for (const std::int64_t version : {1, 2}) {
    const Scratch scratch;
    engine::Connection connection = open_writer(scratch.path());
    ASSERT_TRUE(migration::migrate(connection, schema(), version));
    must(
        connection.execute("DROP TABLE IF EXISTS records_kept_category;"
                           "DROP TABLE records_kept_index"));
    for (const std::int64_t target : {3, 0, 3}) {
      const auto moved = migration::migrate(connection, schema(), target);
      ASSERT_TRUE(moved) << moved.error().text();
    }
  }
}

TEST(RecordsSchema, GoingDownAndUpLosesNothing) {
  const Scratch scratch;
  engine::Connection connection = open_writer(scratch.path());
  ASSERT_TRUE(migration::migrate(connection, schema(), 3));
  must(insert(
      connection,
      std::vector{
          Record{.id = "a", .name = "quake", .category = "m5", .index = R"({"place":"Nome"})"},
          Record{.id = "plain", .name = "quake"}},
      1));
  for (const std::int64_t version : {2, 1, 2, 1}) {
    ASSERT_TRUE(migration::migrate(connection, schema(), version));
  }
  must(
      connection.execute("INSERT INTO records (id, name, data, sealed, key_id, time_ms,"
                         " created_ms) VALUES ('between', 'tide', x'00', 0, '', 5, 6)"));
  ASSERT_TRUE(migration::migrate(connection, schema(), 3));
  const Hits hits = must(search(connection, {.query = "nome"}));
  ASSERT_EQ(hits.hits.size(), 1U);
  EXPECT_EQ(hits.hits[0].record.id, "a");
  EXPECT_EQ(hits.hits[0].record.index, R"({"place":"Nome"})");
  EXPECT_EQ(hits.hits[0].record.category, "m5");
  EXPECT_EQ(must(search(connection, {.query = "tide"})).hits.size(), 1U);
  EXPECT_EQ(must(connection.number("SELECT count(*) FROM records WHERE index_json = ''")), 2);
  constexpr const char* kept_tables =
      "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'records%kept%'";
  EXPECT_EQ(must(connection.number(kept_tables)), 0);
  ASSERT_TRUE(migration::migrate(connection, schema(), 0));
  EXPECT_EQ(must(connection.number(kept_tables)), 0) << "with the records goes all of theirs";
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
