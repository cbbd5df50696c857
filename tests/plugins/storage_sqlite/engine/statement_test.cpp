// tests/plugins/storage_sqlite/engine/statement_test.cpp - binding, reading back, and the cache.
#include "engine/statement.hpp"

#include <limits>
#include <rapidcheck.h>
#include <string>

#include <gtest/gtest.h>

#include "engine/connection.hpp"
#include "scratch.hpp"

namespace storage_sqlite::engine {
namespace {

using storage_sqlite::testing::fails_with;
using storage_sqlite::testing::must;
using storage_sqlite::testing::open_writer;
using storage_sqlite::testing::Scratch;

TEST(Statement, GivesBackWhatWasBound) {
  const Scratch scratch;
  Connection connection = open_writer(scratch.path());
  EXPECT_TRUE(rc::check("any integer, any bytes", [&](std::int64_t number, std::string bytes) {
    Statement statement = must(connection.prepare("SELECT ?1, ?2, length(?2)"));
    statement.bind(1, number).bind_bytes(2, bytes);
    RC_ASSERT(must(statement.step()));
    RC_ASSERT(statement.integer(0) == number);
    RC_ASSERT(statement.bytes(1) == bytes);
    RC_ASSERT(statement.integer(2) == static_cast<std::int64_t>(bytes.size()));
  }));
}

TEST(Statement, BindsEmptyTextAsTextAndNotAsNull) {
  const Scratch scratch;
  Connection connection = open_writer(scratch.path());
  Statement statement = must(connection.prepare("SELECT typeof(?1), typeof(?2)"));
  statement.bind(1, std::string_view()).bind_bytes(2, std::string_view());
  ASSERT_TRUE(must(statement.step()));
  EXPECT_EQ(statement.text(0), "text");
  EXPECT_EQ(statement.text(1), "blob");
}

TEST(Statement, TellsAFailedBindAtTheNextStep) {
  const Scratch scratch;
  Connection connection = open_writer(scratch.path());
  Statement statement = must(connection.prepare("SELECT ?1"));
  statement.bind(2, std::int64_t{1});
  EXPECT_TRUE(fails_with(statement.step(), BP_E_UNKNOWN, "SELECT ?1"));
}

TEST(Statement, RefusesTwoStatementsInOneText) {
  const Scratch scratch;
  Connection connection = open_writer(scratch.path());
  EXPECT_TRUE(fails_with(connection.prepare("SELECT 1; SELECT 2"), BP_E_INVALID, "SQL_DENIED"));
  EXPECT_TRUE(fails_with(connection.prepare("  "), BP_E_INVALID, "SQL_DENIED"));
  EXPECT_TRUE(connection.prepare("SELECT 1; \n"));
}

TEST(Statement, TellsOfItsParametersAndColumns) {
  const Scratch scratch;
  Connection connection = open_writer(scratch.path());
  Statement statement = must(connection.prepare("SELECT ?1 AS a, :b, 'text', x'00', NULL"));
  EXPECT_EQ(statement.parameters(), 2);
  EXPECT_EQ(statement.parameter(":b"), 2);
  EXPECT_EQ(statement.parameter("b"), 0);
  EXPECT_EQ(statement.columns(), 5);
  EXPECT_EQ(statement.column_name(0), "a");
  EXPECT_TRUE(statement.only_reads());
  EXPECT_FALSE(must(connection.prepare("CREATE TABLE t (a)")).only_reads());
  statement.bind(1, 2.5).bind(2, std::int64_t{7}).bind_null(2);
  ASSERT_TRUE(must(statement.step()));
  EXPECT_EQ(statement.kind(0), Kind::Real);
  EXPECT_EQ(statement.real(0), 2.5);
  EXPECT_EQ(statement.kind(1), Kind::Null);
  EXPECT_EQ(statement.kind(2), Kind::Text);
  EXPECT_EQ(statement.kind(3), Kind::Blob);
  EXPECT_EQ(statement.kind(4), Kind::Null);
}

TEST(StatementCache, HandsOutAnIdleStatementAgainCleared) {
  const Scratch scratch;
  Connection connection = open_writer(scratch.path());
  const std::size_t before = connection.idle_statements();
  {
    Statement first = must(connection.prepare("SELECT ?1, 'cached'"));
    first.bind(1, std::int64_t{7});
    ASSERT_TRUE(must(first.step()));
    Statement second = must(connection.prepare("SELECT ?1, 'cached'"));
    ASSERT_TRUE(must(second.step()));
    EXPECT_EQ(second.integer(0), 0) << "two users of one text must not share a statement";
  }
  EXPECT_EQ(connection.idle_statements(), before + 2);
  Statement again = must(connection.prepare("SELECT ?1, 'cached'"));
  EXPECT_EQ(connection.idle_statements(), before + 1);
  ASSERT_TRUE(must(again.step()));
  EXPECT_EQ(again.text(0), "") << "bindings of the user before are gone";
}

TEST(StatementCache, DropsTheLeastRecentlyUsedAboveItsLimit) {
  const Scratch scratch;
  constexpr std::size_t limit = 3;
  Connection connection = must(Connection::open(scratch.path(), {.statements_max = limit}));
  for (int number = 0; number < 20; ++number) {
    Statement statement = must(connection.prepare("SELECT " + std::to_string(number % 5)));
    ASSERT_TRUE(must(statement.step()));
    EXPECT_EQ(statement.integer(0), number % 5);
  }
  EXPECT_EQ(connection.idle_statements(), limit);
}

}  // namespace
}  // namespace storage_sqlite::engine
