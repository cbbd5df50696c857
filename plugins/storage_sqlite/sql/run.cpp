// plugins/storage_sqlite/sql/run.cpp - binding, stepping, counting.
#include "sql/run.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "backplane/cpp/utf8.hpp"

namespace storage_sqlite::sql {
namespace {

constexpr std::uint64_t value_overhead_bytes = 24;  // of a table in the reply

void bind_value(engine::Statement& statement, int place, const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    statement.bind(place, *integer);
  } else if (const auto* real = std::get_if<double>(&value)) {
    statement.bind(place, *real);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    statement.bind(place, std::string_view(*text));
  } else if (const auto* blob = std::get_if<Blob>(&value)) {
    statement.bind_bytes(place, blob->bytes);
  } else {
    statement.bind_null(place);
  }
}

bp::result<void> bind_all(engine::Statement& statement, const std::vector<Parameter>& parameters) {
  int next = 1;
  for (const Parameter& parameter : parameters) {
    const int place = parameter.name.empty() ? next++ : statement.parameter(parameter.name);
    if (place == 0) {
      return bp::fail(BP_E_INVALID, "INVALID: the statement has no parameter '" + parameter.name +
                                        "'; write its first letter, too, as in ':name'");
    }
    if (place > statement.parameters()) {
      return bp::fail(BP_E_INVALID, "INVALID: " + std::to_string(parameters.size()) +
                                        " parameters are given, the statement has " +
                                        std::to_string(statement.parameters()));
    }
    bind_value(statement, place, parameter.value);
  }
  return {};
}

Value read_value(const engine::Statement& row, int column) {
  switch (row.kind(column)) {
    case engine::Kind::Integer:
      return row.integer(column);
    case engine::Kind::Real:
      return row.real(column);
    case engine::Kind::Text: {  // which nothing keeps from being something else than UTF-8
      std::string text(row.text(column));
      return bp::utf8::valid(text) ? Value(std::move(text)) : Value(Blob{std::move(text)});
    }
    case engine::Kind::Blob:
      return Blob{std::string(row.bytes(column))};
    default:
      return std::monostate();
  }
}

std::uint64_t bytes_of(const engine::Statement& row, int column) {
  const engine::Kind kind = row.kind(column);
  return value_overhead_bytes + (kind == engine::Kind::Text   ? row.text(column).size()
                                 : kind == engine::Kind::Blob ? row.bytes(column).size()
                                                              : 0);
}

/// False: the row does not fit any more.
bool take_row(const engine::Statement& row, std::uint64_t& bytes_left, Rows& into) {
  std::uint64_t bytes = 0;
  for (int column = 0; column < row.columns(); ++column) {
    bytes += bytes_of(row, column);
  }
  if (bytes > bytes_left) {
    return false;
  }
  bytes_left -= bytes;
  std::vector<Value>& values = into.rows.emplace_back();
  values.reserve(static_cast<std::size_t>(row.columns()));
  for (int column = 0; column < row.columns(); ++column) {
    values.push_back(read_value(row, column));
  }
  return true;
}

/// `finish`: what is over the limits is stepped over, because the statement writes as it goes.
bp::result<Rows> collect(engine::Guard& guard, engine::Statement& statement, const Limits& limits,
                         bool finish) {
  Rows out;
  for (int column = 0; column < statement.columns(); ++column) {
    out.columns.emplace_back(statement.column_name(column));
  }
  std::uint64_t bytes_left = limits.bytes;
  for (;;) {
    const auto row = statement.step();
    if (!row) {
      return std::unexpected(guard.explain(row.error()));
    }
    if (!*row) {
      return out;
    }
    out.more = out.more || out.rows.size() == limits.rows || !take_row(statement, bytes_left, out);
    if (out.more && !finish) {
      return out;
    }
  }
}

bp::result<Change> change(engine::Connection& connection, engine::Guard& guard,
                          const Statement& statement) {
  auto prepared = guard.prepare(statement.text);
  BP_TRY(prepared);
  BP_TRY(bind_all(*prepared, statement.parameters));
  // SQLite keeps these from one statement to the next, and a CREATE changes no rows.
  const std::int64_t before = connection.total_changes();
  auto returned = collect(guard, *prepared, returned_max, true);
  BP_TRY(returned);
  const bool changed = connection.total_changes() != before;
  return Change{.changes = changed ? connection.changes() : 0,
                .last_insert_rowid = changed ? connection.last_insert_rowid() : 0,
                .returned = std::move(*returned)};
}

}  // namespace

std::chrono::nanoseconds time_to_run(std::chrono::nanoseconds left) noexcept {
  constexpr std::chrono::nanoseconds margin_min = std::chrono::milliseconds(50);
  constexpr int margin_part = 10;  // a tenth of the time
  return std::max(left - std::max(left / margin_part, margin_min), std::chrono::nanoseconds(0));
}

bp::result<Rows> query(engine::Connection& connection, const Bounds& bounds,
                       const Statement& statement, const Limits& limits) {
  engine::Guard guard(connection, bounds.rules, engine::Allowed::Read, bounds.deadline,
                      bounds.stop);
  auto prepared = guard.prepare(statement.text);
  BP_TRY(prepared);
  BP_TRY(bind_all(*prepared, statement.parameters));
  return collect(guard, *prepared, limits, false);
}

bp::result<std::vector<Change>> execute(engine::Connection& connection, const Bounds& bounds,
                                        const std::vector<Statement>& statements) {
  auto transaction = engine::Transaction::begin(connection);
  BP_TRY(transaction);
  std::vector<Change> changes;
  changes.reserve(statements.size());
  {  // begin and commit are ours: the guard would not allow them
    engine::Guard guard(connection, bounds.rules, engine::Allowed::Write, bounds.deadline,
                        bounds.stop);
    for (const Statement& statement : statements) {
      auto done = change(connection, guard, statement);
      if (!done && statements.size() > 1) {
        return std::unexpected(std::move(done).error().during(
            "running `statements[" + std::to_string(changes.size()) + "]`"));
      }
      BP_TRY(done);
      changes.push_back(std::move(*done));
    }
  }
  BP_TRY(transaction->commit());
  return changes;
}

}  // namespace storage_sqlite::sql
