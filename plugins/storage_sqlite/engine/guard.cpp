// plugins/storage_sqlite/engine/guard.cpp - the answers to SQLite's authorizer, and the clock.
#include "engine/guard.hpp"

#include <algorithm>
#include <cctype>
#include <sqlite3.h>
#include <utility>

#include "engine/failure.hpp"

namespace storage_sqlite::engine {
namespace {

constexpr int progress_instructions =
    1'000;  // some ten microseconds between two looks at the clock

constexpr std::array limits_of_strangers{
    std::pair{SQLITE_LIMIT_LENGTH, sql_value_bytes_max}, std::pair{SQLITE_LIMIT_EXPR_DEPTH, 500},
    std::pair{SQLITE_LIMIT_COMPOUND_SELECT, 50},         std::pair{SQLITE_LIMIT_VDBE_OP, 100'000},
    std::pair{SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1'000},  std::pair{SQLITE_LIMIT_TRIGGER_DEPTH, 10},
};

std::string_view view(const char* text) noexcept {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

char lower(char letter) noexcept {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
}

bool starts_with(std::string_view name, std::string_view start) noexcept {
  return name.size() >= start.size() &&
         std::ranges::equal(name.substr(0, start.size()), start, {}, lower, lower);
}

bool equals(std::string_view left, std::string_view right) noexcept {
  return left.size() == right.size() && starts_with(left, right);
}

/// SQLite's names are the same in both cases of ASCII.
bool matches(std::string_view pattern, std::string_view name) noexcept {
  std::size_t at = 0;
  std::size_t in = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (in < name.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      resume = in;
    } else if (at < pattern.size() && lower(pattern[at]) == lower(name[in])) {
      ++at;
      ++in;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      in = ++resume;
    } else {
      return false;
    }
  }
  return std::ranges::all_of(pattern.substr(at), [](char letter) { return letter == '*'; });
}

bool any_matches(const std::vector<std::string>& patterns, std::string_view name) noexcept {
  return std::ranges::any_of(patterns,
                             [&](const std::string& pattern) { return matches(pattern, name); });
}

bool is_schema(std::string_view table) noexcept {
  return equals(table, "sqlite_master") || equals(table, "sqlite_schema") ||
         equals(table, "sqlite_temp_master");
}

/// Functions that reach out of the database or into SQLite.
bool is_dangerous(std::string_view function) noexcept {
  constexpr std::array names{"load_extension", "fts3_tokenizer", "readfile",
                             "writefile",      "edit",           "sqlite_log"};
  return std::ranges::any_of(names, [&](const char* name) { return equals(function, name); });
}

bp::error failed(const Connection& connection, int code, std::string_view sql) {
  constexpr std::size_t shown_bytes = 120;
  return failure(connection.handle(), code,
                 "running '" + std::string(sql.substr(0, shown_bytes)) + "'");
}

/// What follows spaces and comments.
std::string_view after_comments(std::string_view sql) noexcept {
  for (;;) {
    const std::size_t begin = sql.find_first_not_of(" \t\n\f\r;");
    sql.remove_prefix(std::min(begin, sql.size()));
    const bool line = sql.starts_with("--");
    if (!line && !sql.starts_with("/*")) {
      return sql;
    }
    const std::string_view ending = line ? "\n" : "*/";
    const std::size_t end = sql.find(ending, 2);
    sql.remove_prefix(end == std::string_view::npos ? sql.size() : end + ending.size());
  }
}

/// VACUUM asks the authorizer nothing before it runs.
bp::result<void> check_kind(std::string_view sql) {
  constexpr std::string_view vacuum = "VACUUM";
  const std::string_view text = after_comments(sql);
  const bool ends = text.size() == vacuum.size() ||
                    (text.size() > vacuum.size() &&
                     std::isalnum(static_cast<unsigned char>(text[vacuum.size()])) == 0);
  if (starts_with(text, vacuum) && ends) {
    return bp::fail(BP_E_PERMISSION,
                    "SQL_DENIED: no VACUUM is allowed: it copies the whole database, and opens "
                    "other files; pages that are free are used again by what is written next");
  }
  return {};
}

std::string text_of(const Rules& rules) {
  std::string text;
  for (const std::vector<std::string>* patterns : {&rules.tables, &rules.readable}) {
    for (const std::string& pattern : *patterns) {
      text += pattern;
      text += '\0';
    }
    text += '\0';
  }
  return text;
}

}  // namespace

bool is_internal(std::string_view table) noexcept {
  constexpr std::array starts{"sqlite_", "backplane_", "pragma_"};
  // No table of ours has a `$`: the instance `kv-cache` may have its `kv-cache$x`.
  constexpr std::array ours{"records", "kv"};
  const bool of_an_instance = table.find('$') != std::string_view::npos;
  const auto begins = [&](const char* start) { return starts_with(table, start); };
  return std::ranges::any_of(starts, begins) ||
         (!of_an_instance && std::ranges::any_of(ours, begins)) || equals(table, "dbstat");
}

Rules rules_for(const Rules& rules, std::string_view caller) {
  constexpr std::string_view stands_for = "{caller}";
  Rules filled = rules;
  for (std::vector<std::string>* patterns : {&filled.tables, &filled.readable}) {
    for (std::string& pattern : *patterns) {
      std::size_t at = pattern.find(stands_for);
      if (at != std::string::npos && caller.empty()) {
        pattern = "*";
        continue;
      }
      for (; at != std::string::npos; at = pattern.find(stands_for, at + caller.size())) {
        pattern.replace(at, stands_for.size(), caller);
      }
    }
  }
  return filled;
}

Guard::Guard(Connection& connection, const Rules& rules, Allowed allowed, Deadline deadline,
             std::stop_token stop)
    : connection_(connection),
      rules_(rules),
      allowed_(allowed),
      deadline_(deadline),
      stop_(std::move(stop)),
      limits_{},
      memory_before_(sqlite3_memory_used()) {
  sqlite3* handle = connection.handle();
  for (std::size_t place = 0; place < limits_.size(); ++place) {
    const auto [which, value] = limits_of_strangers.at(place);
    limits_.at(place) = {which, sqlite3_limit(handle, which, value)};
  }
  sqlite3_progress_handler(handle, progress_instructions, &Guard::progress, this);
  connection.set_guard(*this, text_of(rules));
}

Guard::~Guard() {
  sqlite3* handle = connection_.handle();
  connection_.clear_guard();
  sqlite3_progress_handler(handle, 0, nullptr, nullptr);
  for (const Limit& limit : limits_) {
    sqlite3_limit(handle, limit.which, limit.before);
  }
}

void Guard::begin_statement() noexcept {
  denied_.clear();
  schema_changes_ = false;
}

bp::result<Statement> Guard::prepare(std::string_view sql) {
  if (sql.size() > sql_bytes_max) {
    return bp::fail(BP_E_TOO_LARGE, "TOO_LARGE: `sql` has " + std::to_string(sql.size()) +
                                        " bytes, the limit is " + std::to_string(sql_bytes_max));
  }
  begin_statement();
  BP_TRY(check_kind(sql));
  auto statement = connection_.prepare_guarded(sql);
  if (!statement) {
    return std::unexpected(explain(std::move(statement).error()));
  }
  if (allowed_ == Allowed::Read && !statement->only_reads()) {
    return bp::fail(BP_E_PERMISSION,
                    "SQL_DENIED: this statement writes and the method only reads; use Execute");
  }
  return statement;
}

bp::result<void> Guard::run_all(const std::string& sql) {
  // Statement by statement: each has its own question whether it changes the schema.
  const char* rest = sql.c_str();
  while (*rest != '\0') {
    begin_statement();
    BP_TRY(check_kind(rest));
    sqlite3_stmt* raw = nullptr;
    const char* tail = nullptr;
    const int code = sqlite3_prepare_v2(connection_.handle(), rest, -1, &raw, &tail);
    if (code != SQLITE_OK) {
      return std::unexpected(explain(failed(connection_, code, rest)));
    }
    if (raw != nullptr) {
      int step = SQLITE_ROW;
      while (step == SQLITE_ROW) {
        step = sqlite3_step(raw);
      }
      bp::error told = failed(connection_, step, sqlite3_sql(raw));
      sqlite3_finalize(raw);
      if (step != SQLITE_DONE) {
        return std::unexpected(explain(std::move(told)));
      }
    }
    rest = tail;
  }
  return {};
}

bp::error Guard::explain(bp::error error) const {
  const bp::error& told = error;
  const auto renamed = [&](bp_status code, std::string message) {
    bp::error out(code, std::move(message));
    for (const std::string& link : told.context()) {
      out = std::move(out).during(link);
    }
    return out;
  };
  // SQLite has another code where it was a function.
  if (!denied_.empty() && (error.code() == BP_E_PERMISSION || error.code() == BP_E_UNKNOWN)) {
    return renamed(BP_E_PERMISSION, "SQL_DENIED: " + denied_);
  }
  if (error.message().starts_with("SQL_DENIED")) {  // more than one statement, or none
    return renamed(BP_E_PERMISSION, error.message());
  }
  if (stopped_) {
    return renamed(BP_E_CLOSED, "STOPPING: the store is closing; ask again after its restart");
  }
  if (large_) {
    return renamed(BP_E_TOO_LARGE,
                   "TOO_LARGE: the statement needed more than " +
                       std::to_string(rules_.memory_bytes_max) +
                       " bytes of memory; sort or group fewer rows, or add an index");
  }
  if (late_) {
    return renamed(BP_E_TIMEOUT,
                   "DEADLINE: the statement was not done when its time was up and changed nothing;"
                   " ask for less, add an index, or allow more time (`deadline_ms`, `sql`,"
                   " and the call's own deadline)");
  }
  if (error.code() == BP_E_UNKNOWN) {
    // What SQLite says, without the advice for a broken table.
    return renamed(BP_E_INVALID, error.message().substr(0, error.message().rfind("; ")));
  }
  return error;
}

int Guard::progress(void* self) noexcept {
  auto& guard = *static_cast<Guard*>(self);
  guard.stopped_ = guard.stopped_ || guard.stop_.stop_requested();
  guard.late_ = guard.late_ || std::chrono::steady_clock::now() >= guard.deadline_;
  guard.large_ =
      guard.large_ || sqlite3_memory_used() - guard.memory_before_ > guard.rules_.memory_bytes_max;
  return guard.stopped_ || guard.late_ || guard.large_ ? 1 : 0;
}

bool Guard::deny(std::string_view what, std::string_view name) noexcept {
  try {
    if (denied_.empty()) {  // the first reason is the one that the caller can mend
      denied_ = std::string(what) + (name.empty() ? "" : " '" + std::string(name) + "'");
    }
  } catch (...) {  // NOLINT(bugprone-empty-catch): denied without a reason is denied
  }
  return false;
}

bool Guard::own(std::string_view table) const noexcept {
  return !is_internal(table) && any_matches(rules_.tables, table);
}

bool Guard::reads(std::string_view table, std::string_view column) noexcept {
  // Without a column it is asked about every FROM, the names of a WITH among them, too.
  if (column.empty() && !is_internal(table)) {
    return true;
  }
  constexpr std::array free_for_all{"sqlite_master", "sqlite_schema", "json_each", "json_tree"};
  const bool named = std::ranges::any_of(
      rules_.readable, [&](const std::string& name) { return equals(name, table); });
  return own(table) || named ||
         std::ranges::any_of(free_for_all, [&](const char* name) { return equals(table, name); }) ||
         (!is_internal(table) && any_matches(rules_.readable, table)) ||
         (schema_changes_ && starts_with(table, "sqlite_")) ||
         deny("neither `sql.tables` nor `sql.readable` lets a statement read the table", table);
}

bool Guard::changes_rows(std::string_view table) noexcept {
  // SQLite itself refuses a stranger's write to its schema; what comes here is part of a CREATE.
  return own(table) || is_schema(table) || (schema_changes_ && starts_with(table, "sqlite_")) ||
         deny("`sql.tables` does not let a statement write to the table", table);
}

bool Guard::changes_schema(std::string_view name, std::string_view table) noexcept {
  schema_changes_ = true;
  // Nobody can name these but SQLite, as part of a CREATE TABLE.
  const bool implied = starts_with(name, "sqlite_autoindex_") || equals(name, "sqlite_sequence");
  if (!own(name) && !implied) {
    return deny("`sql.tables` does not let a statement make, change or drop", name);
  }
  return table.empty() || own(table) ||
         deny("`sql.tables` does not let a statement change the table", table);
}

bool Guard::calls(std::string_view function) noexcept {
  if (equals(function, "sqlite_rename_table")) {  // the new name would not be asked about
    return deny("a table cannot be renamed; make another and copy", "");
  }
  return !is_dangerous(function) || deny("no statement may call the function", function);
}

bool Guard::allows(int action, const char* first, const char* second) noexcept {
  const std::string_view one = view(first);
  const std::string_view two = view(second);
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
      return true;
    case SQLITE_FUNCTION:
      return calls(two);
    case SQLITE_READ:
      return reads(one, two);
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
      return changes_rows(one);
    case SQLITE_CREATE_TABLE:
    case SQLITE_DROP_TABLE:
    case SQLITE_CREATE_VIEW:
    case SQLITE_DROP_VIEW:
    case SQLITE_REINDEX:
      return changes_schema(one, {});
    case SQLITE_CREATE_INDEX:
    case SQLITE_DROP_INDEX:
    case SQLITE_CREATE_TRIGGER:
    case SQLITE_DROP_TRIGGER:
      return changes_schema(one, two);
    case SQLITE_ALTER_TABLE:  // the first is the database
      return changes_schema(two, {});
    case SQLITE_CREATE_VTABLE:
    case SQLITE_DROP_VTABLE:
      return equals(two, "fts5") ? changes_schema(one, {})
                                 : deny("virtual tables are of fts5 only, not of", two);
    case SQLITE_PRAGMA:  // FTS5 asks this one itself
      return (equals(one, "data_version") && two.empty()) ||
             deny("no PRAGMA is allowed, and so not", one);
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
      return deny("a statement cannot begin or end a transaction; send a Batch", "");
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
      return deny("no other file can be attached", "");
    default:  // temporary tables, ANALYZE, and whatever SQLite learns
      return deny("this kind of statement is not allowed", "");
  }
}

}  // namespace storage_sqlite::engine
