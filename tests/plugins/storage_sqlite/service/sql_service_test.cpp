// tests/plugins/storage_sqlite/service/sql_service_test.cpp - requests read, replies filled.
#include "service/sql_service.hpp"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "scratch.hpp"
#include "service/request.hpp"

namespace storage_sqlite::service {
namespace {

namespace contract = sql_contract;
using namespace std::chrono_literals;
using storage_sqlite::testing::fails_with;
using storage_sqlite::testing::must;
using storage_sqlite::testing::Packed;

std::unique_ptr<contract::ParameterT> parameter(const std::string& name = {}) {
  auto one = std::make_unique<contract::ParameterT>();
  one->name = name;
  return one;
}

bp::result<Query> read(const contract::QueryRequestT& request) {
  return read_query(*Packed<contract::QueryRequest>(request), 5s);
}

TEST(SqlService, ReadsAQueryWithValues) {
  contract::QueryRequestT request;
  request.sql = "SELECT ?1";
  request.rows_max = 7;
  request.deadline_ms = 100;
  request.parameters.push_back(parameter());
  request.parameters.push_back(parameter(":i"));
  request.parameters[1]->integer = 0;
  request.parameters.push_back(parameter());
  request.parameters[2]->real = 0.0;
  request.parameters.push_back(parameter());
  request.parameters[3]->text = "t";
  request.parameters.push_back(parameter());
  request.parameters[4]->blob = {0, 255};
  const Query query = must(read(request));
  EXPECT_EQ(query.statement.text, "SELECT ?1");
  EXPECT_EQ(query.limits.rows, 7U);
  EXPECT_EQ(query.time, 100ms);
  ASSERT_EQ(query.statement.parameters.size(), 5U);
  EXPECT_EQ(query.statement.parameters[0].value, sql::Value());
  EXPECT_EQ(query.statement.parameters[1].value, sql::Value(std::int64_t{0}));
  EXPECT_EQ(query.statement.parameters[1].name, ":i");
  EXPECT_EQ(query.statement.parameters[2].value, sql::Value(0.0));
  EXPECT_EQ(query.statement.parameters[3].value, sql::Value(std::string("t")));
  EXPECT_EQ(query.statement.parameters[4].value, sql::Value(sql::Blob{std::string("\0\xFF", 2)}));
}

TEST(SqlService, RefusesWhatIsOutOfBoundsBeforeAnyWork) {
  contract::QueryRequestT request;
  EXPECT_TRUE(fails_with(read(request), BP_E_INVALID, "`sql` is empty"));
  request.sql = std::string("SELECT 1\0", 9);
  EXPECT_TRUE(fails_with(read(request), BP_E_INVALID, "`sql`"));
  request.sql = "SELECT '\xFF'";
  EXPECT_TRUE(fails_with(read(request), BP_E_INVALID, "`sql`"));
  request.sql = std::string(70'000, ' ');
  EXPECT_TRUE(fails_with(read(request), BP_E_TOO_LARGE, "65536"));
  request.sql = "SELECT 1";
  request.rows_max = 10'001;
  EXPECT_TRUE(fails_with(read(request), BP_E_RANGE, "`rows_max`"));
  request.rows_max = 1;
  request.bytes_max = 0;
  EXPECT_TRUE(fails_with(read(request), BP_E_RANGE, "`bytes_max`"));
  request.bytes_max = 1;
  request.deadline_ms = 5'001;
  EXPECT_TRUE(fails_with(read(request), BP_E_RANGE, "`deadline_ms`"));
  request.deadline_ms = 0;
  EXPECT_EQ(must(read(request)).time, 5s) << "as configured";
  request.parameters.push_back(parameter());
  request.parameters[0]->integer = 1;
  request.parameters[0]->text = "both";
  EXPECT_TRUE(fails_with(read(request), BP_E_INVALID, "`parameters[0]`"));
  request.parameters[0] = parameter();
  request.parameters[0]->text = "\xFF";
  EXPECT_TRUE(fails_with(read(request), BP_E_INVALID, "UTF-8"));
  request.parameters.clear();
  for (std::size_t count = 0; count <= sql::parameters_max; ++count) {
    request.parameters.push_back(parameter());
  }
  EXPECT_TRUE(fails_with(read(request), BP_E_RANGE, "`parameters`"));
}

TEST(SqlService, ReadsWritesWithTheirDurability) {
  contract::ExecuteRequestT request;
  request.sql = "DELETE FROM app_t";
  const auto read_one = [&] {
    return read_execute(*Packed<contract::ExecuteRequest>(request), engine::Durability::Disk, 1s);
  };
  EXPECT_EQ(must(read_one()).durability, engine::Durability::Disk);
  EXPECT_GT(must(read_one()).bytes, request.sql.size());
  request.durability = contract::Durability::os;
  EXPECT_EQ(must(read_one()).durability, engine::Durability::Os);
  request.deadline_ms = 2'000;
  EXPECT_TRUE(fails_with(read_one(), BP_E_RANGE, "`deadline_ms`"));
}

TEST(SqlService, ReadsABatchAndNamesTheStatementThatIsWrong) {
  contract::BatchRequestT request;
  const auto read_all = [&] {
    return read_batch(*Packed<contract::BatchRequest>(request), engine::Durability::Os, 1s);
  };
  EXPECT_TRUE(fails_with(read_all(), BP_E_RANGE, "`statements` is 0"));
  request.statements.push_back(std::make_unique<contract::StatementT>());
  request.statements[0]->sql = "SELECT 1";
  request.statements.push_back(std::make_unique<contract::StatementT>());
  EXPECT_TRUE(fails_with(read_all(), BP_E_INVALID, "`statements[1]`"));
  request.statements[1]->sql = "SELECT 2";
  EXPECT_EQ(must(read_all()).statements.size(), 2U);
  while (request.statements.size() <= sql::statements_max) {
    request.statements.push_back(std::make_unique<contract::StatementT>());
  }
  EXPECT_TRUE(fails_with(read_all(), BP_E_RANGE, "1 to 1000"));
}

TEST(SqlService, RepliesHoldValuesAsTheyAre) {
  const contract::QueryReplyT reply = query_reply(
      {.columns = {"a", "b", "c", "d", "e"},
       .rows = {{std::monostate(), std::int64_t{0}, 0.5, std::string("t"), sql::Blob{"b"}}},
       .more = true});
  EXPECT_TRUE(reply.more);
  EXPECT_EQ(reply.columns[4], "e");
  const auto& values = reply.rows.at(0)->values;
  EXPECT_FALSE(values[0]->integer || values[0]->real);
  EXPECT_EQ(values[1]->integer, 0);
  EXPECT_EQ(values[2]->real, 0.5);
  EXPECT_EQ(values[3]->text, "t");
  EXPECT_EQ(values[4]->blob, (std::vector<std::uint8_t>{'b'}));
  const contract::BatchReplyT batch =
      batch_reply({{.changes = 2, .last_insert_rowid = 9, .returned = {}}, {}});
  ASSERT_EQ(batch.results.size(), 2U);
  EXPECT_EQ(batch.results[0]->changes, 2);
  EXPECT_EQ(batch.results[0]->last_insert_rowid, 9);
}

}  // namespace
}  // namespace storage_sqlite::service
