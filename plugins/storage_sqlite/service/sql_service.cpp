// plugins/storage_sqlite/service/sql_service.cpp - reads statements and values, fills rows.
#include "service/sql_service.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "backplane/cpp/utf8.hpp"

#include "service/fields.hpp"

namespace storage_sqlite::service {
namespace {

namespace contract = sql_contract;
using std::chrono::milliseconds;

/// What is kept for each queued statement and parameter besides their own bytes.
constexpr std::uint64_t part_overhead_bytes = 128;

bp::result<sql::Value> read_value(const contract::Parameter& from) {
  const int given = (from.integer().has_value() ? 1 : 0) + (from.real().has_value() ? 1 : 0) +
                    (from.text() != nullptr ? 1 : 0) + (from.blob() != nullptr ? 1 : 0);
  if (given > 1) {
    return bp::fail(BP_E_INVALID,
                    "INVALID: more than one of `integer`, `real`, `text`, `blob` is given");
  }
  if (from.integer()) {
    return sql::Value(*from.integer());
  }
  if (from.real()) {
    return sql::Value(*from.real());
  }
  if (from.text() != nullptr) {
    return bp::utf8::valid(from.text()->string_view())
               ? bp::result<sql::Value>(from.text()->str())
               : bp::fail(BP_E_INVALID, "INVALID: `text` is not UTF-8; give bytes as `blob`");
  }
  if (from.blob() != nullptr) {
    return sql::Value(sql::Blob{bytes(from.blob())});
  }
  return sql::Value();
}

/// QueryRequest, ExecuteRequest and Statement have them under the same names.
template <typename Table>
bp::result<sql::Statement> read_statement(const Table& from) {
  sql::Statement statement{.text = text(from.sql())};
  if (statement.text.empty() || statement.text.find('\0') != std::string::npos ||
      !bp::utf8::valid(statement.text)) {
    return bp::fail(BP_E_INVALID, "INVALID: `sql` is empty or no UTF-8 text; give one statement");
  }
  if (statement.text.size() > engine::sql_bytes_max) {
    return bp::fail(BP_E_TOO_LARGE,
                    "TOO_LARGE: `sql` has " + std::to_string(statement.text.size()) +
                        " bytes, the limit is " + std::to_string(engine::sql_bytes_max));
  }
  if (from.parameters() == nullptr) {
    return statement;
  }
  if (from.parameters()->size() > sql::parameters_max) {
    return bp::fail(BP_E_RANGE, "LIMIT: `parameters` has " +
                                    std::to_string(from.parameters()->size()) +
                                    " items, it may have " + std::to_string(sql::parameters_max));
  }
  for (flatbuffers::uoffset_t place = 0; place < from.parameters()->size(); ++place) {
    const contract::Parameter& parameter = *from.parameters()->Get(place);
    auto value = read_value(parameter);
    if (!value) {
      return std::unexpected(
          std::move(value).error().during("reading `parameters[" + std::to_string(place) + "]`"));
    }
    statement.parameters.push_back({text(parameter.name()), std::move(*value)});
  }
  return statement;
}

std::uint64_t bytes_of(const sql::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    return text->size();
  }
  const auto* blob = std::get_if<sql::Blob>(&value);
  return blob == nullptr ? 0 : blob->bytes.size();
}

std::uint64_t bytes_of(const sql::Statement& statement) {
  std::uint64_t bytes = part_overhead_bytes + statement.text.size();
  for (const sql::Parameter& parameter : statement.parameters) {
    bytes += part_overhead_bytes + parameter.name.size() + bytes_of(parameter.value);
  }
  return bytes;
}

bp::result<milliseconds> read_time(std::uint32_t deadline_ms, milliseconds time_max) {
  const milliseconds asked(deadline_ms);
  if (asked > time_max) {
    return bp::fail(BP_E_RANGE, "LIMIT: `deadline_ms` is " + std::to_string(deadline_ms) +
                                    ", the configuration allows " +
                                    std::to_string(time_max.count()));
  }
  return asked == milliseconds(0) ? time_max : asked;
}

template <typename Number>
bp::result<void> check_limit(const char* field, Number value, Number max) {
  if (value == 0 || value > max) {
    return bp::fail(BP_E_RANGE, "LIMIT: `" + std::string(field) + "` is " + std::to_string(value) +
                                    ", it must be 1 to " + std::to_string(max));
  }
  return {};
}

std::unique_ptr<contract::ValueT> to_contract(sql::Value value) {
  auto out = std::make_unique<contract::ValueT>();
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    out->integer = *integer;
  } else if (const auto* real = std::get_if<double>(&value)) {
    out->real = *real;
  } else if (auto* text = std::get_if<std::string>(&value)) {
    out->text = std::move(*text);
  } else if (const auto* blob = std::get_if<sql::Blob>(&value)) {
    out->blob = bytes(blob->bytes);
  }
  return out;
}

template <typename Reply>
void fill_rows(Reply& reply, sql::Rows rows) {
  reply.columns = std::move(rows.columns);
  reply.rows.reserve(rows.rows.size());
  for (std::vector<sql::Value>& row : rows.rows) {
    auto out = std::make_unique<contract::RowT>();
    out->values.reserve(row.size());
    for (sql::Value& value : row) {
      out->values.push_back(to_contract(std::move(value)));
    }
    reply.rows.push_back(std::move(out));
  }
}

}  // namespace

bp::result<Query> read_query(const contract::QueryRequest& request, milliseconds time_max) {
  BP_TRY(check_limit("rows_max", request.rows_max(), sql::rows_max));
  BP_TRY(check_limit<std::uint64_t>("bytes_max", request.bytes_max(), sql::bytes_max));
  const auto time = read_time(request.deadline_ms(), time_max);
  BP_TRY(time);
  auto statement = read_statement(request);
  BP_TRY(statement);
  return Query{std::move(*statement), {request.rows_max(), request.bytes_max()}, *time};
}

bp::result<Writes> read_execute(const contract::ExecuteRequest& request,
                                engine::Durability configured, milliseconds time_max) {
  const auto asked = durability(request.durability(), configured);
  BP_TRY(asked);
  const auto time = read_time(request.deadline_ms(), time_max);
  BP_TRY(time);
  auto statement = read_statement(request);
  BP_TRY(statement);
  Writes writes{
      .statements = {}, .durability = *asked, .time = *time, .bytes = bytes_of(*statement)};
  writes.statements.push_back(std::move(*statement));
  return writes;
}

bp::result<Writes> read_batch(const contract::BatchRequest& request, engine::Durability configured,
                              milliseconds time_max) {
  const auto asked = durability(request.durability(), configured);
  BP_TRY(asked);
  const auto time = read_time(request.deadline_ms(), time_max);
  BP_TRY(time);
  const std::size_t count = request.statements() == nullptr ? 0 : request.statements()->size();
  BP_TRY(check_limit("statements", count, sql::statements_max));
  Writes writes{.statements = {}, .durability = *asked, .time = *time};
  for (flatbuffers::uoffset_t place = 0; place < count; ++place) {
    auto statement = read_statement(*request.statements()->Get(place));
    if (!statement) {
      return std::unexpected(std::move(statement).error().during("reading `statements[" +
                                                                 std::to_string(place) + "]`"));
    }
    writes.bytes += bytes_of(*statement);
    writes.statements.push_back(std::move(*statement));
  }
  return writes;
}

contract::QueryReplyT query_reply(sql::Rows rows) {
  contract::QueryReplyT reply;
  reply.more = rows.more;
  fill_rows(reply, std::move(rows));
  return reply;
}

contract::ExecuteReplyT execute_reply(sql::Change change) {
  contract::ExecuteReplyT reply;
  reply.changes = change.changes;
  reply.last_insert_rowid = change.last_insert_rowid;
  fill_rows(reply, std::move(change.returned));
  return reply;
}

contract::BatchReplyT batch_reply(std::vector<sql::Change> changes) {
  contract::BatchReplyT reply;
  for (sql::Change& change : changes) {
    reply.results.push_back(
        std::make_unique<contract::ExecuteReplyT>(execute_reply(std::move(change))));
  }
  return reply;
}

}  // namespace storage_sqlite::service
