// tests/plugins/storage_sqlite/edge/sql_edge_test.cpp - bp.storage.sql/1 of the whole plugin.
#include "edge/sql_edge.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "asking.hpp"

namespace storage_sqlite::edge {
namespace {

namespace contract = bp::storage::sql;
using testing::Asking;
using ::testing::HasSubstr;
using testing::sql_service;

constexpr const char* endless =
    "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) ";

class SqlEdgeTest : public Asking {
 protected:
  bp::testing::answer refused_query(const std::string& sql) {
    contract::QueryRequestT request;
    request.sql = sql;
    request.deadline_ms = 50;
    return answer_to<contract::QueryRequest>(sql_service, 1, request);
  }
};

TEST_F(SqlEdgeTest, MakesWritesAndReadsATable) {
  run();
  EXPECT_EQ(execute("CREATE TABLE app_t (id INTEGER PRIMARY KEY, n)").status, BP_OK);
  contract::BatchRequestT batch;
  for (const char* name : {"one", "two"}) {
    auto statement = std::make_unique<contract::StatementT>();
    statement->sql = "INSERT INTO app_t (n) VALUES (?1)";
    statement->parameters.push_back(std::make_unique<contract::ParameterT>());
    statement->parameters[0]->text = name;
    batch.statements.push_back(std::move(statement));
  }
  const auto stored = ask<contract::BatchReply, contract::BatchRequest>(sql_service, 3, batch);
  ASSERT_EQ(stored.results.size(), 2U);
  EXPECT_EQ(stored.results[1]->last_insert_rowid, 2);
  const auto rows = query("SELECT n FROM app_t ORDER BY id");
  ASSERT_EQ(rows.rows.size(), 2U);
  EXPECT_EQ(rows.rows[1]->values[0]->text, "two");
  ASSERT_TRUE(host_->stop());
  EXPECT_EQ(host_->open_leases(), 0U);
  EXPECT_TRUE(host_->faults().empty());
}

TEST_F(SqlEdgeTest, ATableIsItsCallersAlone) {
  run();
  const auto as = [this](const char* caller, const std::string& sql, bool writes) {
    if (writes) {
      contract::ExecuteRequestT request;
      request.sql = sql;
      return wait_for(host_->call(sql_service, 2, pack<contract::ExecuteRequest>(request), caller));
    }
    contract::QueryRequestT request;
    request.sql = sql;
    return wait_for(host_->call(sql_service, 1, pack<contract::QueryRequest>(request), caller));
  };
  EXPECT_EQ(as("shop", "CREATE TABLE shop$orders (id)", true).status, BP_OK);
  EXPECT_EQ(as("shop", "INSERT INTO shop$orders VALUES (1)", true).status, BP_OK);
  EXPECT_EQ(as("shop", "SELECT id FROM shop$orders", false).status, BP_OK);
  for (const char* other : {"sho", "shop_2", "ws"}) {
    const auto denied = as(other, "SELECT id FROM shop$orders", false);
    EXPECT_EQ(denied.status, BP_E_PERMISSION) << other;
    EXPECT_THAT(denied.error, HasSubstr("SQL_DENIED"));
    EXPECT_EQ(as(other, "DELETE FROM shop$orders", true).status, BP_E_PERMISSION) << other;
    EXPECT_EQ(as(other, "CREATE TABLE shop$more (id)", true).status, BP_E_PERMISSION) << other;
  }
  EXPECT_EQ(as("", "SELECT id FROM shop$orders", false).status, BP_OK) << "the operator";
  ASSERT_TRUE(host_->stop());
}

TEST_F(SqlEdgeTest, WhatIsDeniedIsNamed) {
  run();
  for (const char* sql : {"SELECT 1; SELECT 2", "ATTACH 'x.db' AS x", "PRAGMA journal_mode",
                          "SELECT load_extension('x')", "DELETE FROM records",
                          "CREATE TABLE app_x (y)", "SELECT * FROM kv", "VACUUM"}) {
    const auto denied = refused_query(sql);
    EXPECT_EQ(denied.status, BP_E_PERMISSION) << sql;
    EXPECT_THAT(denied.error, HasSubstr("SQL_DENIED")) << sql;
  }
  EXPECT_THAT(execute("INSERT INTO kv VALUES (1, 1, 1, 1, 1)").error, HasSubstr("SQL_DENIED"));
  ASSERT_TRUE(host_->stop());
}

TEST_F(SqlEdgeTest, AnEndlessQueryEndsAndItsReaderServesTheNext) {
  run(R"({"readers_max":1})");
  for (int round = 0; round < 3; ++round) {
    const auto late = refused_query(std::string(endless) + "SELECT count(*) FROM n");
    EXPECT_EQ(late.status, BP_E_TIMEOUT);
    EXPECT_THAT(late.error, HasSubstr("DEADLINE"));
  }
  EXPECT_EQ(query("SELECT 7").rows.at(0)->values[0]->integer, 7);
  ASSERT_TRUE(host_->stop());
}

TEST_F(SqlEdgeTest, AStatementEndsBeforeItsCallerGivesUp) {
  run(R"({"sql":{"deadline":"1h","write_deadline":"1h"}})");
  EXPECT_EQ(execute("CREATE TABLE app_t (n)").status, BP_OK);
  contract::QueryRequestT late;
  late.sql = std::string(endless) + "SELECT count(*) FROM n";
  const auto read = answer_to<contract::QueryRequest>(sql_service, 1, late);
  EXPECT_EQ(read.status, BP_E_TIMEOUT);
  EXPECT_THAT(read.error, HasSubstr("DEADLINE"));
  const auto written = execute("INSERT INTO app_t " + std::string(endless) +
                               "SELECT i FROM n LIMIT 1 OFFSET -1 + "
                               "(SELECT max(i) FROM n)");
  EXPECT_EQ(written.status, BP_E_TIMEOUT);
  EXPECT_THAT(written.error, HasSubstr("DEADLINE"));
  ASSERT_TRUE(host_->stop());
}

TEST_F(SqlEdgeTest, AWriteThatIsLateUndoesNobodyElses) {
  run(R"({"sql":{"write_deadline":"50ms"}})");
  EXPECT_EQ(execute("CREATE TABLE app_t (n)").status, BP_OK);
  std::vector<bp_call> inserts;
  contract::ExecuteRequestT late;
  late.sql = "INSERT INTO app_t " + std::string(endless) + "SELECT i FROM n";
  const std::string packed = pack<contract::ExecuteRequest>(late);
  bp_call late_call = 0;
  for (int number = 0; number < 40; ++number) {
    inserts.push_back(host_->call(
        testing::records_service, testing::insert_method,
        pack<testing::records_contract::InsertRequest>(record(std::to_string(number)))));
    if (number == 20) {
      late_call = host_->call(sql_service, 2, packed);
    }
  }
  for (const bp_call call : inserts) {
    EXPECT_EQ(wait_for(call).status, BP_OK);
  }
  const auto told = wait_for(late_call);
  EXPECT_EQ(told.status, BP_E_TIMEOUT);
  EXPECT_THAT(told.error, HasSubstr("DEADLINE"));
  EXPECT_EQ(query("SELECT count(*) FROM app_t").rows.at(0)->values[0]->integer, 0);
  ASSERT_TRUE(host_->stop());
  EXPECT_TRUE(host_->faults().empty());
}

TEST_F(SqlEdgeTest, ConfiguredTablesMayBeReadOrUsed) {
  run(R"({"sql":{"tables":["shop_*"],"readable":["records"]}})");
  EXPECT_EQ(insert("a").status, BP_OK);
  EXPECT_EQ(query("SELECT id FROM records").rows.at(0)->values[0]->text, "a");
  EXPECT_THAT(execute("DELETE FROM records").error, HasSubstr("SQL_DENIED"));
  EXPECT_THAT(execute("CREATE TABLE app_t (n)").error, HasSubstr("SQL_DENIED"));
  EXPECT_EQ(execute("CREATE TABLE shop_t (n)").status, BP_OK);
  ASSERT_TRUE(host_->stop());
}

}  // namespace
}  // namespace storage_sqlite::edge
