// tests/plugins/storage_sqlite/engine/guard_test.cpp - what strangers' SQL may not do, and that the
// connection is as before afterwards.
#include "engine/guard.hpp"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "scratch.hpp"
#include "store/store.hpp"

namespace storage_sqlite::engine {
namespace {

using storage_sqlite::testing::fails_with;
using storage_sqlite::testing::must;
using storage_sqlite::testing::open_reader;
using storage_sqlite::testing::open_writer;
using storage_sqlite::testing::Scratch;

constexpr std::chrono::hours far_away{1};

Guard::Deadline later() {
  return std::chrono::steady_clock::now() + far_away;
}

/// A database with everything that a store makes, and one table of a stranger.
class GuardTest : public ::testing::Test {
 protected:
  GuardTest() {
    must(store::Store::open({.path = scratch_.path()}));
    must(
        writer_.execute("CREATE TABLE app_t (a, b); INSERT INTO app_t VALUES (1, 'x');"
                        "CREATE TABLE app_n (id INTEGER PRIMARY KEY AUTOINCREMENT)"));
  }

  bp::result<void> run(const std::string& sql, Allowed allowed = Allowed::Write) {
    Guard guard(writer_, rules_, allowed, later());
    auto statement = guard.prepare(sql);
    BP_TRY(statement);
    const auto ran = statement->run();
    if (!ran) {
      return std::unexpected(guard.explain(ran.error()));
    }
    return {};
  }

  Scratch scratch_;
  Rules rules_{.tables = {"app_*"}};
  Connection writer_ = open_writer(scratch_.path());
};

TEST_F(GuardTest, LetsThroughWhatTablesOfOnesOwnNeed) {
  for (const char* sql :
       {"SELECT a, count(*) FROM app_t GROUP BY a",
        "INSERT INTO app_t VALUES (2, 'y')",
        "UPDATE app_t SET b = 'z' WHERE a = 1",
        "DELETE FROM app_t WHERE a = 2",
        "CREATE TABLE app_u (id INTEGER PRIMARY KEY AUTOINCREMENT, n TEXT UNIQUE)",
        "INSERT INTO app_u (n) VALUES ('one') ON CONFLICT DO NOTHING",
        "CREATE INDEX app_u_n ON app_u (n)",
        "ALTER TABLE app_u ADD COLUMN extra",
        "ALTER TABLE app_u RENAME COLUMN extra TO more",
        "ALTER TABLE app_u DROP COLUMN more",
        "CREATE VIEW app_v AS SELECT a FROM app_t",
        "SELECT * FROM app_v",
        "CREATE TRIGGER app_tr AFTER INSERT ON app_t BEGIN UPDATE app_u SET n = n; END",
        "INSERT INTO app_t VALUES (3, 'fires')",
        "DROP TRIGGER app_tr",
        "DROP VIEW app_v",
        "DROP INDEX app_u_n",
        "DROP TABLE app_u",
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 9)"
        " SELECT sum(i) FROM n",
        "SELECT value FROM json_each('[1,2]')",
        "SELECT name FROM sqlite_schema",
        "CREATE VIRTUAL TABLE app_f USING fts5 (words)",
        "INSERT INTO app_f VALUES ('hello you')",
        "SELECT * FROM app_f WHERE app_f MATCH 'hello'",
        "DROP TABLE app_f",
        "EXPLAIN QUERY PLAN SELECT * FROM app_t",
        "CREATE TABLE app_s AS SELECT * FROM app_t"}) {
    const auto ran = run(sql);
    EXPECT_TRUE(ran) << sql << ": " << ran.error().text();
  }
  EXPECT_EQ(must(writer_.word("PRAGMA integrity_check")), "ok");
}

struct Denied {
  const char* sql;
  const char* reason;
};

TEST_F(GuardTest, DeniesWhatReachesFurtherAndSaysWhat) {
  const std::string other = scratch_.path("other.db");
  const std::string attach = "ATTACH '" + other + "' AS o";
  const std::string vacuum = "VACUUM INTO '" + other + "'";
  for (const auto& [sql, reason] : std::initializer_list<Denied>{
           {"SELECT 1; SELECT 2", "exactly one statement"},
           {"INSERT INTO app_t VALUES (1, 1); DROP TABLE app_t", "exactly one statement"},
           {"", "exactly one statement"},
           {attach.c_str(), "no other file"},
           {"DETACH main", "no other file"},
           {vacuum.c_str(), "no VACUUM"},
           {"VACUUM", "no VACUUM"},
           {" -- why\n /* not */ vacuum;", "no VACUUM"},
           {"CREATE TABLE kv2 (x)", "'kv2'"},
           {"PRAGMA writable_schema = 1", "no PRAGMA is allowed, and so not 'writable_schema'"},
           {"PRAGMA journal_mode", "PRAGMA"},
           {"SELECT * FROM pragma_table_info('records')", "pragma_table_info"},
           {"SELECT load_extension('/tmp/x.so')", "load_extension"},
           {"BEGIN", "transaction"},
           {"COMMIT", "transaction"},
           {"SAVEPOINT s", "transaction"},
           {"SELECT * FROM records", "'records'"},
           {"SELECT count(*) FROM kv", "'kv'"},
           {"SELECT * FROM backplane_migrations", "'backplane_migrations'"},
           {"SELECT a FROM app_t WHERE a IN (SELECT seq FROM records)", "'records'"},
           {"SELECT * FROM records_fts WHERE records_fts MATCH 'x'", "records_fts"},
           {"INSERT INTO records (id) VALUES ('x')", "'records'"},
           {"UPDATE kv SET value = x''", "'kv'"},
           {"DELETE FROM backplane_migrations", "'backplane_migrations'"},
           {"DELETE FROM sqlite_sequence", "'sqlite_sequence'"},
           {"DROP TABLE records", "'records'"},
           {"DROP INDEX records_by_time", "'records_by_time'"},
           {"CREATE TABLE other (x)", "'other'"},
           {"CREATE TABLE records_more (x)", "'records_more'"},
           {"CREATE INDEX app_i ON records (id)", "'records'"},
           {"CREATE TRIGGER app_tr AFTER INSERT ON records BEGIN SELECT 1; END", "'records'"},
           {"CREATE TEMP TABLE app_x (x)", "not allowed"},
           {"CREATE VIRTUAL TABLE app_x USING fts5vocab (records_fts, row)", "fts5vocab"},
           {"CREATE VIRTUAL TABLE app_x USING rtree (a, b, c)", "rtree"},
           {"ALTER TABLE app_t RENAME TO kv_mine", "renamed"},
           {"ALTER TABLE records ADD COLUMN x", "'records'"},
           {"ANALYZE", "sqlite_stat1"}}) {
    const auto ran = run(sql);
    EXPECT_TRUE(fails_with(ran, BP_E_PERMISSION, "SQL_DENIED")) << sql;
    EXPECT_TRUE(fails_with(ran, BP_E_PERMISSION, reason)) << sql;
  }
  // What SQLite refuses by itself.
  EXPECT_FALSE(run("INSERT INTO sqlite_schema VALUES (1, 2, 3, 4, 5)"));
  EXPECT_EQ(must(writer_.number("SELECT count(*) FROM app_t")), 1) << "nothing was changed";
}

TEST_F(GuardTest, AViewOrTriggerOpensNoDoor) {
  ASSERT_TRUE(run("CREATE VIEW app_v AS SELECT id FROM records"));
  EXPECT_TRUE(fails_with(run("SELECT * FROM app_v"), BP_E_PERMISSION, "'records'"));
  ASSERT_TRUE(run("CREATE TRIGGER app_tr AFTER INSERT ON app_t BEGIN DELETE FROM kv; END"));
  EXPECT_TRUE(fails_with(run("INSERT INTO app_t VALUES (2, 2)"), BP_E_PERMISSION, "'kv'"));
  ASSERT_TRUE(run("CREATE VIRTUAL TABLE app_f USING fts5 (name, content = 'records')"));
  EXPECT_FALSE(run("SELECT name FROM app_f")) << "content of a table that may not be read";
}

TEST_F(GuardTest, WhatWritesIsDeniedWhereOnlyReadingIsAllowed) {
  for (const char* sql : {"INSERT INTO app_t VALUES (9, 9)", "CREATE TABLE app_m (x)",
                          "DROP TABLE app_t", "DELETE FROM app_t RETURNING a"}) {
    EXPECT_TRUE(fails_with(run(sql, Allowed::Read), BP_E_PERMISSION, "SQL_DENIED")) << sql;
  }
  EXPECT_TRUE(run("SELECT * FROM app_t", Allowed::Read));
}

TEST_F(GuardTest, TablesAreConfigurable) {
  rules_ = {{"shop_*", "*_log"}, {"records"}};
  EXPECT_TRUE(run("CREATE TABLE Shop_Orders (x)")) << "names are the same in both cases";
  EXPECT_TRUE(run("CREATE TABLE my_log (x)"));
  EXPECT_TRUE(run("SELECT count(*) FROM records"));
  EXPECT_TRUE(fails_with(run("DELETE FROM records"), BP_E_PERMISSION, "'records'"));
  EXPECT_TRUE(fails_with(run("SELECT * FROM app_t"), BP_E_PERMISSION, "'app_t'"));
  rules_ = {{"*"}, {"*"}};
  EXPECT_TRUE(run("SELECT * FROM app_t"));
  for (const char* sql : {"SELECT * FROM records", "DELETE FROM kv", "CREATE TABLE kv_x (x)",
                          "SELECT * FROM dbstat", "DELETE FROM backplane_migrations"}) {
    EXPECT_TRUE(fails_with(run(sql), BP_E_PERMISSION, "SQL_DENIED"))
        << sql << ": a pattern is never enough for the plugin's own";
  }
}

TEST_F(GuardTest, EndlessWorkEndsAtTheDeadlineAndTheConnectionGoesOn) {
  constexpr const char* endless =
      "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
  Connection reader = open_reader(scratch_.path());
  for (int round = 0; round < 3; ++round) {
    Guard guard(reader, rules_, Allowed::Read,
                std::chrono::steady_clock::now() + std::chrono::milliseconds(20));
    auto statement = must(guard.prepare(endless));
    const auto ran = statement.run();
    ASSERT_FALSE(ran);
    EXPECT_TRUE(fails_with(bp::result<void>(std::unexpected(guard.explain(ran.error()))),
                           BP_E_TIMEOUT, "DEADLINE"));
  }
  EXPECT_EQ(must(reader.number("SELECT count(*) FROM app_t")), 1);
}

TEST_F(GuardTest, AStopEndsWhatRuns) {
  const auto stop = std::make_unique<std::stop_source>();
  stop->request_stop();
  Guard guard(writer_, rules_, Allowed::Read, later(), stop->get_token());
  auto statement = must(guard.prepare(
      "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"));
  const auto ran = statement.run();
  ASSERT_FALSE(ran);
  EXPECT_EQ(guard.explain(ran.error()).code(), BP_E_CLOSED);
}

TEST_F(GuardTest, SortingMayNotTakeAllTheMemory) {
  rules_.memory_bytes_max = 8 << 20;
  const std::string many =
      "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n LIMIT 100000)"
      " SELECT randomblob(1000) AS x FROM n";
  EXPECT_TRUE(fails_with(run(many + " ORDER BY x"), BP_E_TOO_LARGE, "8388608 bytes of memory"));
  EXPECT_TRUE(run(many)) << "row by row it takes none";
  EXPECT_EQ(must(writer_.number("SELECT count(*) FROM app_t")), 1);
}

TEST_F(GuardTest, LimitsHoldForStrangersOnly) {
  EXPECT_TRUE(fails_with(run("SELECT randomblob(20000000)"), BP_E_TOO_LARGE, "TOO_LARGE"));
  std::string deep = "SELECT 1";
  for (int depth = 0; depth < 600; ++depth) {
    deep += " + 1";
  }
  EXPECT_TRUE(fails_with(run(deep), BP_E_INVALID, "depth"));
  EXPECT_TRUE(fails_with(run(std::string(sql_bytes_max + 1, ' ')), BP_E_TOO_LARGE, "65536"));
  EXPECT_EQ(must(writer_.number("SELECT length(randomblob(20000000))")), 20'000'000);
  EXPECT_EQ(must(writer_.number(deep)), 601);
}

TEST_F(GuardTest, OurOwnStatementsAreNotItsBusinessAndNotFoundByIt) {
  constexpr const char* sql = "SELECT count(*) FROM records";
  EXPECT_EQ(must(writer_.number(sql)), 0);  // is in the cache now
  EXPECT_TRUE(fails_with(run(sql), BP_E_PERMISSION, "SQL_DENIED"));
  EXPECT_EQ(must(writer_.number(sql)), 0);
}

TEST_F(GuardTest, WrongSqlIsTheCallersMistake) {
  EXPECT_TRUE(fails_with(run("SELEKT 1"), BP_E_INVALID, "SQL: near \"SELEKT\""));
  EXPECT_TRUE(fails_with(run("SELECT * FROM app_none"), BP_E_INVALID, "no such table: app_none"));
  const auto told = run("SELECT nope FROM app_t");
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().text().find("check the tables"), std::string::npos);
}

TEST_F(GuardTest, RunsAScriptStatementByStatement) {
  Guard guard(writer_, rules_, Allowed::Write, later());
  EXPECT_TRUE(
      guard.run_all("CREATE TABLE app_1 (x); -- a comment\n INSERT INTO app_1 VALUES (1);"
                    "CREATE TRIGGER app_2 AFTER INSERT ON app_1 BEGIN SELECT 1; SELECT 2; END;"));
  EXPECT_TRUE(fails_with(guard.run_all("INSERT INTO app_1 VALUES (2); DROP TABLE records"),
                         BP_E_PERMISSION, "'records'"));
  EXPECT_TRUE(fails_with(guard.run_all("SELECT 1; INSERT INTO app_1 VALUES (1, 2)"), BP_E_INVALID,
                         "app_1"));
}

TEST(IsInternal, KnowsThePluginsOwnTables) {
  for (const char* name : {"records", "RECORDS", "records_fts_data", "kv", "kv_counter",
                           "sqlite_sequence", "backplane_migrations", "kv2", "kvs", "records2"}) {
    EXPECT_TRUE(is_internal(name)) << name;
  }
  for (const char* name : {"app_records", "record", "kv-cache$x", "records$x", "", "shop"}) {
    EXPECT_FALSE(is_internal(name)) << name;
  }
}

TEST(GuardRules, TheCallerStandsInThePatterns) {
  const Rules rules{.tables = {"{caller}$*", "all_*"}, .readable = {"r_{caller}_{caller}"}};
  const Rules ours = rules_for(rules, "shop");
  EXPECT_EQ(ours.tables, (std::vector<std::string>{"shop$*", "all_*"}));
  EXPECT_EQ(ours.readable, std::vector<std::string>{"r_shop_shop"});
  EXPECT_EQ(rules_for(rules, "").tables[0], "*") << "the operator";
  EXPECT_EQ(rules_for(rules, "{caller}").tables[0], "{caller}$*") << "an id is no pattern";
}

}  // namespace
}  // namespace storage_sqlite::engine
