// plugins/storage_sqlite/records/query.cpp - keyset pages and ranked searches.
#include "records/query.hpp"

#include <string_view>
#include <utility>

#include "engine/text.hpp"
#include "records/cursor.hpp"

namespace storage_sqlite::records {
namespace {

// Parameters have fixed numbers, so that a condition that is left out moves no other.
constexpr int name_parameter = 1;
constexpr int category_parameter = 2;
constexpr int from_parameter = 3;
constexpr int to_parameter = 4;
constexpr int first_parameter = 5;
constexpr int second_parameter = 6;
constexpr int limit_parameter = 7;
constexpr int query_parameter = 8;
constexpr int contains_parameter = 9;
constexpr int offset_parameter = 10;

constexpr int search_columns_first = 10;  // after the record's own

std::string columns(bool without_data) {
  return std::string("r.seq, r.id, r.name, r.category, ") + (without_data ? "x''" : "r.data") +
         ", r.sealed, r.key_id, r.time_ms, r.created_ms, r.index_json";
}

RecordView view_of(const engine::Statement& row) {
  RecordView record;
  int column = 0;
  record.seq = row.integer(column++);
  record.id = row.text(column++);
  record.name = row.text(column++);
  record.category = row.text(column++);
  record.data = row.bytes(column++);
  record.sealed = row.integer(column++) != 0;
  record.key_id = row.text(column++);
  record.time_ms = row.integer(column++);
  record.created_ms = row.integer(column++);
  record.index = row.text(column++);
  return record;
}

Record copy_of(const RecordView& view) {
  return {.id = std::string(view.id),
          .name = std::string(view.name),
          .category = std::string(view.category),
          .data = std::string(view.data),
          .sealed = view.sealed,
          .key_id = std::string(view.key_id),
          .time_ms = view.time_ms,
          .index = std::string(view.index),
          .seq = view.seq,
          .created_ms = view.created_ms};
}

std::size_t bytes_of(const RecordView& record) {
  constexpr std::size_t fixed_bytes = 128;
  return fixed_bytes + record.id.size() + record.name.size() + record.category.size() +
         record.data.size() + record.key_id.size() + record.index.size();
}

bool has_from(const Filter& filter) {
  return filter.from_ms != std::numeric_limits<std::int64_t>::min();
}

bool has_to(const Filter& filter) {
  return filter.to_ms != std::numeric_limits<std::int64_t>::max();
}

std::string conditions(const Filter& filter) {
  std::string sql;
  sql += filter.name.empty() ? "" : " AND r.name = ?1";
  sql += filter.category.empty() ? "" : " AND r.category = ?2";
  sql += has_from(filter) ? " AND r.time_ms >= ?3" : "";
  sql += has_to(filter) ? " AND r.time_ms <= ?4" : "";
  sql += filter.contains.empty() ? ""
                                 : " AND (r.name LIKE ?9 ESCAPE '\\' OR r.category LIKE ?9 ESCAPE "
                                   "'\\' OR r.index_json LIKE ?9 ESCAPE '\\')";
  return sql;
}

/// A pattern of LIKE that means the text itself: % and _ are letters like others.
std::string like_pattern(std::string_view text) {
  std::string pattern = "%";
  for (const char letter : text) {
    if (letter == '%' || letter == '_' || letter == '\\') {
      pattern += '\\';
    }
    pattern += letter;
  }
  return pattern + '%';
}

/// `like` is like_pattern(filter.contains), which must outlive the statement's steps.
void bind(engine::Statement& statement, const Filter& filter, const std::string& like = {}) {
  if (!filter.contains.empty()) {
    statement.bind(contains_parameter, std::string_view(like));
  }
  if (!filter.name.empty()) {
    statement.bind(name_parameter, std::string_view(filter.name));
  }
  if (!filter.category.empty()) {
    statement.bind(category_parameter, std::string_view(filter.category));
  }
  if (has_from(filter)) {
    statement.bind(from_parameter, filter.from_ms);
  }
  if (has_to(filter)) {
    statement.bind(to_parameter, filter.to_ms);
  }
}

std::uint64_t fingerprint(std::string_view kind, const Filter& filter) {
  std::uint64_t question = mix(0, kind);
  question = mix(question, filter.name);
  question = mix(question, filter.category);
  question = mix(question, filter.from_ms);
  question = mix(question, filter.to_ms);
  return filter.contains.empty() ? question : mix(question, filter.contains);
}

bp::result<void> check_limit(std::uint32_t limit) {
  if (limit == 0 || limit > page_records_max) {
    return bp::fail(BP_E_RANGE, "LIMIT: `limit` is " + std::to_string(limit) +
                                    ", it must be 1 to " + std::to_string(page_records_max));
  }
  return {};
}

bp::result<void> check_page(const PageRequest& request) {
  BP_TRY(check_limit(request.limit));
  BP_TRY(engine::check_text("contains", request.filter.contains, contains_bytes_max,
                            engine::Emptiness::Allowed));
  if (request.offset > offset_max) {
    return bp::fail(BP_E_RANGE, "LIMIT: `offset` is " + std::to_string(request.offset) +
                                    ", it may be " + std::to_string(offset_max) +
                                    "; go on with the cursor instead");
  }
  if (request.offset > 0 && !request.cursor.empty()) {
    return bp::fail(BP_E_INVALID,
                    "INVALID: both `offset` and `cursor` are given; a cursor knows where it is");
  }
  return {};
}

std::string page_sql(const PageRequest& request) {
  const bool newest = request.order == Order::Newest;
  std::string sql = "SELECT " + columns(request.without_data) + " FROM records r WHERE true" +
                    conditions(request.filter);
  if (!request.cursor.empty()) {
    sql += newest ? " AND (r.time_ms, r.seq) < (?5, ?6)" : " AND (r.time_ms, r.seq) > (?5, ?6)";
  }
  sql += newest ? " ORDER BY r.time_ms DESC, r.seq DESC" : " ORDER BY r.time_ms, r.seq";
  return sql + (request.offset == 0 ? " LIMIT ?7" : " LIMIT ?7 OFFSET ?10");
}

std::string search_sql(const SearchRequest& request) {
  return "SELECT " + columns(request.without_data) +
         ", records_fts.rank, snippet(records_fts, -1, '[', ']', '...', 16)"
         " FROM records_fts JOIN records r ON r.seq = records_fts.rowid"
         " WHERE records_fts MATCH ?8" +
         conditions(request.filter) + " ORDER BY records_fts.rank LIMIT ?7 OFFSET ?5";
}

/// FTS5 reports a malformed expression as a general SQL error of the first step.
bp::error search_error(bp::error error) {
  if (error.code() != BP_E_UNKNOWN) {
    return error;
  }
  // What SQLite says, without the advice for a broken table.
  const std::string told = error.message().substr(0, error.message().rfind("; "));
  return {BP_E_INVALID, "FTS_SYNTAX: `query` is no FTS5 expression (" + told +
                            "); put words with punctuation into double quotes, as in \"foo-bar\""};
}

}  // namespace

bp::result<Record> get(engine::Connection& connection, const std::string& id) {
  auto statement =
      connection.prepare("SELECT " + columns(false) + " FROM records r WHERE r.id = ?1");
  BP_TRY(statement);
  const auto row = statement->bind(1, std::string_view(id)).step();
  BP_TRY(row);
  if (!*row) {
    return bp::fail(BP_E_NOT_FOUND, "NOT_FOUND: there is no record with id '" + id + "'");
  }
  return copy_of(view_of(*statement));
}

bp::result<Page> page(engine::Connection& connection, const PageRequest& request) {
  Page page;
  auto cursor = page_into(connection, request, [&page](const RecordView& record) {
    page.records.push_back(copy_of(record));
  });
  BP_TRY(cursor);
  page.cursor = std::move(*cursor);
  return page;
}

bp::result<std::string> page_into(engine::Connection& connection, const PageRequest& request,
                                  const RecordSink& sink) {
  BP_TRY(check_page(request));
  const std::uint64_t question =
      fingerprint(request.order == Order::Newest ? "newest" : "oldest", request.filter);
  const std::string like = like_pattern(request.filter.contains);
  auto statement = connection.prepare(page_sql(request));
  BP_TRY(statement);
  bind(*statement, request.filter, like);
  if (request.offset > 0) {
    statement->bind(offset_parameter, std::int64_t{request.offset});
  }
  if (!request.cursor.empty()) {
    const auto cursor = Cursor::read(request.cursor, question);
    BP_TRY(cursor);
    statement->bind(first_parameter, cursor->first).bind(second_parameter, cursor->second);
  }
  // One more than asked for tells whether there is a next page.
  statement->bind(limit_parameter, std::int64_t{request.limit} + 1);
  std::uint32_t given = 0;
  std::size_t bytes = 0;
  Cursor last{question, 0, 0};
  for (;;) {
    const auto row = statement->step();
    BP_TRY(row);
    if (!*row) {
      return std::string();
    }
    if (given == request.limit || bytes >= reply_bytes_max) {
      return last.text();
    }
    const RecordView record = view_of(*statement);
    sink(record);
    ++given;
    bytes += bytes_of(record);
    last.first = record.time_ms;
    last.second = record.seq;
  }
}

bp::result<Hits> search(engine::Connection& connection, const SearchRequest& request) {
  Hits found;
  auto cursor = search_into(connection, request, [&found](const HitView& hit) {
    found.hits.push_back({copy_of(hit.record), hit.rank, std::string(hit.snippet)});
  });
  BP_TRY(cursor);
  found.cursor = std::move(*cursor);
  return found;
}

bp::result<std::string> search_into(engine::Connection& connection, const SearchRequest& request,
                                    const HitSink& sink) {
  BP_TRY(check_limit(request.limit));
  BP_TRY(engine::check_text("query", request.query, query_bytes_max, engine::Emptiness::Refused));
  const std::uint64_t question = mix(fingerprint("search", request.filter), request.query);
  Cursor cursor{question, 0, 0};
  if (!request.cursor.empty()) {
    auto given = Cursor::read(request.cursor, question);
    BP_TRY(given);
    cursor = *given;
  }
  if (cursor.first < 0 || cursor.first > search_depth_max) {
    return bp::fail(BP_E_RANGE, "LIMIT: a search shows its best " +
                                    std::to_string(search_depth_max) +
                                    " hits; add words or a filter");
  }
  auto statement = connection.prepare(search_sql(request));
  BP_TRY(statement);
  bind(*statement, request.filter);
  statement->bind(query_parameter, std::string_view(request.query))
      .bind(first_parameter, cursor.first)
      .bind(limit_parameter, std::int64_t{request.limit} + 1);
  std::uint32_t given = 0;
  std::size_t bytes = 0;
  for (;;) {
    auto row = statement->step();
    if (!row) {
      return std::unexpected(search_error(std::move(row).error()));
    }
    if (!*row) {
      return std::string();
    }
    if (given == request.limit || bytes >= reply_bytes_max) {
      cursor.first += given;
      return cursor.text();
    }
    const HitView hit{view_of(*statement), statement->real(search_columns_first),
                      statement->text(search_columns_first + 1)};
    sink(hit);
    ++given;
    bytes += bytes_of(hit.record);
  }
}

}  // namespace storage_sqlite::records
