// tests/plugins/storage_sqlite/sql/run_test.cpp - values in and out, limits, all or nothing.
#include "sql/run.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "scratch.hpp"

namespace storage_sqlite::sql {
namespace {

using storage_sqlite::testing::fails_with;
using storage_sqlite::testing::must;
using storage_sqlite::testing::open_writer;
using storage_sqlite::testing::Scratch;

class RunTest : public ::testing::Test {
 protected:
  [[nodiscard]] Bounds within(std::chrono::milliseconds time = std::chrono::hours(1)) const {
    return {rules_, std::chrono::steady_clock::now() + time};
  }

  bp::result<Rows> ask(const std::string& text, std::vector<Parameter> parameters = {},
                       const Limits& limits = {}) {
    return query(connection_, within(), {text, std::move(parameters)}, limits);
  }

  bp::result<std::vector<Change>> write(std::vector<Statement> statements) {
    return execute(connection_, within(), statements);
  }

  Scratch scratch_;
  engine::Rules rules_{.tables = {"app_*"}};
  engine::Connection connection_ = open_writer(scratch_.path());
};

TEST_F(RunTest, ValuesOfEveryKindGoInAndOut) {
  const std::vector<Value> values{Value(), Value(std::int64_t{INT64_MIN}), Value(2.5),
                                  Value(std::string("gr\xC3\xBC\xC3\x9F'); DROP TABLE app_t; --")),
                                  Value(Blob{std::string("\0\xFF", 2)})};
  std::vector<Parameter> parameters;
  for (const Value& value : values) {
    parameters.push_back({.value = value});
  }
  const Rows rows = must(ask("SELECT ?1 AS a, ?2 AS b, ?3, ?4, ?5", parameters));
  ASSERT_EQ(rows.rows.size(), 1U);
  EXPECT_EQ(rows.rows[0], values);
  EXPECT_EQ(rows.columns[1], "b");
  EXPECT_FALSE(rows.more);
  const Rows empty = must(ask("SELECT ?1, ?2", {{.value = std::string()}, {.value = Blob()}}));
  EXPECT_EQ(empty.rows[0], (std::vector<Value>{std::string(), Blob()})) << "empty is not NULL";
}

TEST_F(RunTest, ParametersHaveNames) {
  const Rows rows = must(ask("SELECT :b - @a", {{"@a", std::int64_t{1}}, {":b", std::int64_t{3}}}));
  EXPECT_EQ(rows.rows[0][0], Value(std::int64_t{2}));
  EXPECT_TRUE(
      fails_with(ask("SELECT :b", {{"b", std::int64_t{1}}}), BP_E_INVALID, "no parameter 'b'"));
  EXPECT_TRUE(fails_with(ask("SELECT ?1", {{}, {}}), BP_E_INVALID, "2 parameters are given"));
  EXPECT_EQ(must(ask("SELECT ?1")).rows[0][0], Value()) << "what is left out is NULL";
}

TEST_F(RunTest, TextThatIsNoUtf8ComesAsBytes) {
  EXPECT_EQ(must(ask("SELECT CAST(x'C328' AS TEXT)")).rows[0][0], Value(Blob{"\xC3\x28"}));
}

TEST_F(RunTest, RowsAndBytesAreLimited) {
  const std::string numbers =
      "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n LIMIT 50) ";
  Rows rows = must(ask(numbers + "SELECT i FROM n", {}, {.rows = 10}));
  EXPECT_EQ(rows.rows.size(), 10U);
  EXPECT_TRUE(rows.more);
  EXPECT_FALSE(must(ask(numbers + "SELECT i FROM n", {}, {.rows = 50})).more);
  rows = must(ask(numbers + "SELECT zeroblob(1000) FROM n", {}, {.bytes = 3'500}));
  EXPECT_EQ(rows.rows.size(), 3U);
  EXPECT_TRUE(rows.more);
  // An endless result is cut without running for ever.
  rows =
      must(ask("WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
               {}, {.rows = 5}));
  EXPECT_EQ(rows.rows.size(), 5U);
}

TEST_F(RunTest, ChangesAreCounted) {
  const std::vector<Change> done =
      must(write({{"CREATE TABLE app_t (id INTEGER PRIMARY KEY, n)"},
                  {"INSERT INTO app_t (n) VALUES (?1), (?1)", {{.value = std::int64_t{7}}}},
                  {"UPDATE app_t SET n = n + 1 WHERE id = 99"},
                  {"DELETE FROM app_t RETURNING id, n"}}));
  ASSERT_EQ(done.size(), 4U);
  EXPECT_EQ(done[0].changes, 0);
  EXPECT_EQ(done[1].changes, 2);
  EXPECT_EQ(done[1].last_insert_rowid, 2);
  EXPECT_EQ(done[2].changes, 0);
  EXPECT_EQ(done[3].changes, 2);
  ASSERT_EQ(done[3].returned.rows.size(), 2U);
  EXPECT_EQ(done[3].returned.columns, (std::vector<std::string>{"id", "n"}));
}

TEST_F(RunTest, ABatchIsStoredWholeOrNotAtAll) {
  ASSERT_TRUE(write({{"CREATE TABLE app_t (n UNIQUE)"}}));
  const auto failed = write({{"INSERT INTO app_t VALUES (1)"}, {"INSERT INTO app_t VALUES (1)"}});
  EXPECT_TRUE(fails_with(failed, BP_E_CONFLICT, "statements[1]"));
  EXPECT_TRUE(fails_with(failed, BP_E_CONFLICT, "CONSTRAINT"));
  EXPECT_TRUE(fails_with(write({{"INSERT INTO app_t VALUES (2)"}, {"CREATE TABLE other (x)"}}),
                         BP_E_PERMISSION, "SQL_DENIED"));
  EXPECT_EQ(must(connection_.number("SELECT count(*) FROM app_t")), 0);
  EXPECT_FALSE(connection_.in_transaction());
  EXPECT_TRUE(write({{"INSERT INTO app_t VALUES (1)"}}));
}

TEST_F(RunTest, AWriteThatIsLateIsUndoneAndTheConnectionGoesOn) {
  ASSERT_TRUE(write({{"CREATE TABLE app_t (n)"}}));
  const auto late = execute(
      connection_, within(std::chrono::milliseconds(20)),
      {{"INSERT INTO app_t VALUES (0)"},
       {"INSERT INTO app_t WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n)"
        " SELECT i FROM n"}});
  EXPECT_TRUE(fails_with(late, BP_E_TIMEOUT, "DEADLINE"));
  EXPECT_FALSE(connection_.in_transaction());
  EXPECT_EQ(must(connection_.number("SELECT count(*) FROM app_t")), 0);
  EXPECT_TRUE(write({{"INSERT INTO app_t VALUES (1)"}}));
}

TEST_F(RunTest, ADeferredConstraintFailsAtTheEndAndUndoesAll) {
  ASSERT_TRUE(
      write({{"CREATE TABLE app_p (id INTEGER PRIMARY KEY)"},
             {"CREATE TABLE app_c (p REFERENCES app_p (id) DEFERRABLE INITIALLY DEFERRED)"}}));
  EXPECT_TRUE(fails_with(write({{"INSERT INTO app_c VALUES (5)"}}), BP_E_CONFLICT, "CONSTRAINT"));
  EXPECT_EQ(must(connection_.number("SELECT count(*) FROM app_c")), 0);
}

TEST(TimeToRun, LeavesTheAnswerATenthAndFiftyMillisecondsAtLeast) {
  using std::chrono::milliseconds;
  EXPECT_EQ(time_to_run(milliseconds(5'000)), milliseconds(4'500));
  EXPECT_EQ(time_to_run(milliseconds(200)), milliseconds(150));
  EXPECT_EQ(time_to_run(milliseconds(20)), milliseconds(0));
  EXPECT_EQ(time_to_run(milliseconds(0)), milliseconds(0));
}

}  // namespace
}  // namespace storage_sqlite::sql
