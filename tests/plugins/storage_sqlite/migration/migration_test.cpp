// tests/plugins/storage_sqlite/migration/migration_test.cpp - up, down, dry runs and refusals.
#include "migration/migration.hpp"

#include <array>
#include <rapidcheck.h>
#include <string>

#include <gtest/gtest.h>

#include "scratch.hpp"
#include "store/store.hpp"

namespace storage_sqlite::migration {
namespace {

using storage_sqlite::testing::fails_with;
using storage_sqlite::testing::must;
using storage_sqlite::testing::open_writer;
using storage_sqlite::testing::Scratch;

constexpr std::array steps{
    Step{"table", "CREATE TABLE a (x); CREATE INDEX a_x ON a (x)", "DROP TABLE a"},
    Step{"column", "ALTER TABLE a ADD COLUMN y NOT NULL DEFAULT 7", "ALTER TABLE a DROP COLUMN y"},
    Step{"second table", "CREATE TABLE b (z)", "DROP TABLE b"},
};
constexpr Plan plan{"test", steps};

/// Everything in the schema but the migrations' own table, as text.
std::string schema_of(engine::Connection& connection) {
  return must(connection.word(
      "SELECT group_concat(type || ' ' || name || ' ' || coalesce(sql, ''), char(10)) FROM"
      " (SELECT * FROM sqlite_schema WHERE name NOT LIKE '%backplane_migrations%' ORDER BY name)"));
}

TEST(Migration, GoesUpAndDownStepByStep) {
  const Scratch scratch;
  engine::Connection connection = open_writer(scratch.path());
  EXPECT_EQ(must(verify(connection, plan)), 0);
  const std::vector<Move> up = must(migrate(connection, plan, 3));
  ASSERT_EQ(up.size(), 3U);
  EXPECT_EQ(up[1].version, 2);
  EXPECT_TRUE(up[1].up);
  EXPECT_EQ(up[1].name, "column");
  EXPECT_EQ(must(verify(connection, plan)), 3);
  const std::vector<Move> down = must(migrate(connection, plan, 1));
  ASSERT_EQ(down.size(), 2U);
  EXPECT_EQ(down[0].version, 3);
  EXPECT_FALSE(down[0].up);
  EXPECT_EQ(must(verify(connection, plan)), 1);
  EXPECT_TRUE(must(migrate(connection, plan, 1)).empty()) << "already there";
}

// Property: whatever way was gone, a version always has the same schema.
TEST(Migration, AVersionHasOneSchemaWhateverTheWayToIt) {
  const Scratch scratch;
  const std::vector<Plan> plans = [] {
    std::vector<Plan> all = store::schema();
    all.push_back(plan);
    return all;
  }();
  for (const Plan& subject : plans) {
    std::vector<std::string> expected;
    const std::string straight = scratch.path(std::string(subject.component) + "_straight.db");
    engine::Connection reference = open_writer(straight);
    for (std::int64_t version = 0; version <= subject.newest(); ++version) {
      ASSERT_TRUE(migrate(reference, subject, version));
      expected.push_back(schema_of(reference));
    }
    engine::Connection walked =
        open_writer(scratch.path(std::string(subject.component) + "_walked.db"));
    EXPECT_TRUE(rc::check("a random walk", [&](const std::vector<std::uint8_t>& walk) {
      for (const std::uint8_t choice : walk) {
        const std::int64_t target = choice % (subject.newest() + 1);
        must(migrate(walked, subject, target));
        RC_ASSERT(must(verify(walked, subject)) == target);
        RC_ASSERT(schema_of(walked) == expected[static_cast<std::size_t>(target)]);
      }
    }));
  }
}

TEST(Migration, ADryRunRunsEverythingAndChangesNothing) {
  const Scratch scratch;
  engine::Connection connection = open_writer(scratch.path());
  ASSERT_TRUE(migrate(connection, plan, 1));
  const std::string before = schema_of(connection);
  EXPECT_EQ(must(migrate(connection, plan, 3, Mode::DryRun)).size(), 2U);
  EXPECT_EQ(must(verify(connection, plan)), 1);
  EXPECT_EQ(schema_of(connection), before);
  constexpr std::array broken{steps[0], Step{"broken", "CREATE TABLE", "SELECT 1"}};
  EXPECT_TRUE(fails_with(migrate(connection, {"test", broken}, 2, Mode::DryRun), BP_E_UNKNOWN,
                         "version 2 (broken)"));
}

TEST(Migration, AFailedStepLeavesTheVersionBeforeIt) {
  const Scratch scratch;
  engine::Connection connection = open_writer(scratch.path());
  constexpr std::array broken{
      steps[0], Step{"broken", "CREATE TABLE half (x); CREATE TABLE half (x)", "SELECT 1"}};
  EXPECT_TRUE(fails_with(migrate(connection, {"test", broken}, 2), BP_E_UNKNOWN,
                         "migrating up to 'test' version 2 (broken)"));
  EXPECT_EQ(must(verify(connection, plan)), 1);
  EXPECT_EQ(schema_of(connection).find("half"), std::string::npos);
  EXPECT_FALSE(connection.in_transaction());
}

TEST(Migration, RefusesADatabaseNewerThanTheCode) {
  const Scratch scratch;
  engine::Connection connection = open_writer(scratch.path());
  ASSERT_TRUE(migrate(connection, plan, 3));
  const Plan older{"test", std::span(steps).first(2)};
  EXPECT_TRUE(fails_with(verify(connection, older), BP_E_TOO_NEW,
                         "version 3 (second table), this build knows versions up to 2"));
  EXPECT_TRUE(fails_with(migrate(connection, older, 0), BP_E_TOO_NEW, "SCHEMA_TOO_NEW"));
  EXPECT_EQ(must(verify(connection, plan)), 3) << "nothing was changed";
}

TEST(Migration, RefusesAnEditedStepAndShowsBothChecksums) {
  const Scratch scratch;
  engine::Connection connection = open_writer(scratch.path());
  ASSERT_TRUE(migrate(connection, plan, 2));
  std::array edited = steps;
  edited[1].up = "ALTER TABLE a ADD COLUMN y NOT NULL DEFAULT 8";
  const auto refused = migrate(connection, {"test", edited}, 3);
  EXPECT_TRUE(fails_with(refused, BP_E_CONFLICT, "MIGRATION_EDITED"));
  EXPECT_TRUE(fails_with(refused, BP_E_CONFLICT, checksum(steps[1])));
  EXPECT_TRUE(fails_with(refused, BP_E_CONFLICT, checksum(edited[1])));
}

TEST(Migration, RefusesAGapInWhatWasApplied) {
  const Scratch scratch;
  engine::Connection connection = open_writer(scratch.path());
  ASSERT_TRUE(migrate(connection, plan, 3));
  ASSERT_TRUE(connection.execute("DELETE FROM backplane_migrations WHERE version = 2"));
  EXPECT_TRUE(fails_with(verify(connection, plan), BP_E_CORRUPT, "version 2"));
}

TEST(Migration, RefusesATargetThatDoesNotExist) {
  const Scratch scratch;
  engine::Connection connection = open_writer(scratch.path());
  EXPECT_TRUE(fails_with(migrate(connection, plan, 4), BP_E_RANGE, "0 to 3, not 4"));
  EXPECT_TRUE(fails_with(migrate(connection, plan, -1), BP_E_RANGE, "not -1"));
}

TEST(Migration, AChecksumSeesTextMoveBetweenUpAndDown) {
  EXPECT_NE(checksum({"", "ab", "c"}), checksum({"", "a", "bc"}));
  EXPECT_EQ(checksum({"one name", "a", "b"}), checksum({"another", "a", "b"}));
  EXPECT_EQ(checksum(steps[0]).size(), 16U);
}

}  // namespace
}  // namespace storage_sqlite::migration
