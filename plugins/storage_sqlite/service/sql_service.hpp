// plugins/storage_sqlite/service/sql_service.hpp - bp.storage.sql/1 as functions from request to
// reply.
//
// Knows the contract and the engine, not the host. Thread: any. Queries block on the disk.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "backplane/contract/storage_sql_generated.h"
#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"
#include "sql/run.hpp"
#include "sql/value.hpp"

namespace storage_sqlite::service {

namespace sql_contract = bp::storage::sql;

struct Query {
  sql::Statement statement;
  sql::Limits limits;
  std::chrono::milliseconds time{};
};

/// Statements that were checked and own all they need: the request may go.
struct Writes {
  std::vector<sql::Statement> statements;
  engine::Durability durability = engine::Durability::Os;
  std::chrono::milliseconds time{};
  std::uint64_t bytes = 0;
};

/// `time_max`: of the configuration; a request may ask for less.
/// Errors: INVALID, RANGE (LIMIT), TOO_LARGE, each naming the field.
[[nodiscard]] bp::result<Query> read_query(const sql_contract::QueryRequest& request,
                                           std::chrono::milliseconds time_max);
[[nodiscard]] bp::result<Writes> read_execute(const sql_contract::ExecuteRequest& request,
                                              engine::Durability configured,
                                              std::chrono::milliseconds time_max);
[[nodiscard]] bp::result<Writes> read_batch(const sql_contract::BatchRequest& request,
                                            engine::Durability configured,
                                            std::chrono::milliseconds time_max);

[[nodiscard]] sql_contract::QueryReplyT query_reply(sql::Rows rows);
[[nodiscard]] sql_contract::ExecuteReplyT execute_reply(sql::Change change);
[[nodiscard]] sql_contract::BatchReplyT batch_reply(std::vector<sql::Change> changes);

}  // namespace storage_sqlite::service
