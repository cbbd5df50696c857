// plugins/storage_sqlite/engine/statement.cpp - binding, stepping and caching of prepared
// statements.
#include "engine/statement.hpp"

#include <algorithm>
#include <cctype>
#include <sqlite3.h>
#include <utility>

#include "engine/failure.hpp"

namespace storage_sqlite::engine {
namespace {

constexpr std::size_t shown_sql_bytes_max = 120;

std::string shown(std::string_view sql) {
  std::string text = "running '";
  text += sql.substr(0, shown_sql_bytes_max);
  return text + (sql.size() > shown_sql_bytes_max ? "...'" : "'");
}

bool only_space(std::string_view text) {
  return std::ranges::all_of(
      text, [](unsigned char letter) { return std::isspace(letter) != 0 || letter == ';'; });
}

void keep_first(int& kept, int code) noexcept {
  if (kept == SQLITE_OK) {
    kept = code;
  }
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : raw_(std::exchange(other.raw_, nullptr)), home_(other.home_), bind_code_(other.bind_code_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  if (this != &other) {
    give_back();
    raw_ = std::exchange(other.raw_, nullptr);
    home_ = other.home_;
    bind_code_ = other.bind_code_;
  }
  return *this;
}

Statement::~Statement() {
  give_back();
}

void Statement::give_back() noexcept {
  if (raw_ != nullptr) {
    home_->take_back(std::exchange(raw_, nullptr));
  }
}

Statement& Statement::bind(int parameter, std::int64_t value) {
  keep_first(bind_code_, sqlite3_bind_int64(raw_, parameter, value));
  return *this;
}

Statement& Statement::bind(int parameter, std::string_view text) {
  // A null pointer would bind NULL; an empty view means an empty text.
  const char* first = text.data() == nullptr ? "" : text.data();
  keep_first(bind_code_,
             sqlite3_bind_text64(raw_, parameter, first, text.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(int parameter, double value) {
  keep_first(bind_code_, sqlite3_bind_double(raw_, parameter, value));
  return *this;
}

Statement& Statement::bind_null(int parameter) {
  keep_first(bind_code_, sqlite3_bind_null(raw_, parameter));
  return *this;
}

Statement& Statement::bind_bytes(int parameter, std::string_view bytes) {
  const char* first = bytes.data() == nullptr ? "" : bytes.data();
  keep_first(bind_code_, sqlite3_bind_blob64(raw_, parameter, first, bytes.size(), SQLITE_STATIC));
  return *this;
}

bp::result<bool> Statement::step() {
  int code = std::exchange(bind_code_, SQLITE_OK);
  if (code == SQLITE_OK) {
    code = sqlite3_step(raw_);
  }
  if (code == SQLITE_ROW) {
    return true;
  }
  if (code == SQLITE_DONE) {
    return false;
  }
  return std::unexpected(failure(sqlite3_db_handle(raw_), code, shown(sqlite3_sql(raw_))));
}

bp::result<void> Statement::run() {
  for (;;) {
    const bp::result<bool> row = step();
    BP_TRY(row);
    if (!*row) {
      return {};
    }
  }
}

void Statement::reset() noexcept {
  sqlite3_reset(raw_);  // repeats the code of the last step, which was told already
  bind_code_ = SQLITE_OK;
}

std::int64_t Statement::integer(int column) const noexcept {
  return sqlite3_column_int64(raw_, column);
}

double Statement::real(int column) const noexcept {
  return sqlite3_column_double(raw_, column);
}

std::string_view Statement::text(int column) const noexcept {
  const unsigned char* first = sqlite3_column_text(raw_, column);
  return {reinterpret_cast<const char*>(first),
          first == nullptr ? 0 : static_cast<std::size_t>(sqlite3_column_bytes(raw_, column))};
}

std::string_view Statement::bytes(int column) const noexcept {
  const void* first = sqlite3_column_blob(raw_, column);
  return {static_cast<const char*>(first),
          first == nullptr ? 0 : static_cast<std::size_t>(sqlite3_column_bytes(raw_, column))};
}

Kind Statement::kind(int column) const noexcept {
  switch (sqlite3_column_type(raw_, column)) {
    case SQLITE_INTEGER:
      return Kind::Integer;
    case SQLITE_FLOAT:
      return Kind::Real;
    case SQLITE_TEXT:
      return Kind::Text;
    case SQLITE_BLOB:
      return Kind::Blob;
    default:
      return Kind::Null;
  }
}

int Statement::columns() const noexcept {
  return sqlite3_column_count(raw_);
}

std::string_view Statement::column_name(int column) const noexcept {
  const char* name = sqlite3_column_name(raw_, column);
  return name == nullptr ? std::string_view() : std::string_view(name);
}

int Statement::parameters() const noexcept {
  return sqlite3_bind_parameter_count(raw_);
}

int Statement::parameter(const std::string& name) const noexcept {
  return sqlite3_bind_parameter_index(raw_, name.c_str());
}

bool Statement::only_reads() const noexcept {
  return sqlite3_stmt_readonly(raw_) != 0;
}

StatementCache::~StatementCache() {
  clear();
}

bp::result<Statement> StatementCache::prepare(sqlite3* handle, std::string_view sql) {
  if (const auto found = by_text_.find(sql); found != by_text_.end()) {
    sqlite3_stmt* raw = *found->second;
    by_use_.erase(found->second);
    by_text_.erase(found);
    return Statement(raw, this);
  }
  sqlite3_stmt* raw = nullptr;
  const char* tail = nullptr;
  const int code = sqlite3_prepare_v3(handle, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, &tail);
  if (code != SQLITE_OK) {
    return std::unexpected(failure(handle, code, shown(sql)));
  }
  Statement statement(raw, this);
  if (raw == nullptr || !only_space(sql.substr(static_cast<std::size_t>(tail - sql.data())))) {
    return bp::fail(BP_E_INVALID, "SQL_DENIED: exactly one statement is allowed; " + shown(sql));
  }
  return statement;
}

void StatementCache::take_back(sqlite3_stmt* raw) noexcept {
  sqlite3_reset(raw);
  sqlite3_clear_bindings(raw);
  try {
    by_use_.push_front(raw);
  } catch (...) {
    sqlite3_finalize(raw);  // no memory for the cache: the statement is simply prepared again
    return;
  }
  try {
    by_text_.emplace(sqlite3_sql(raw), by_use_.begin());
  } catch (...) {
    by_use_.pop_front();
    sqlite3_finalize(raw);
    return;
  }
  if (by_use_.size() <= statements_max_) {
    return;
  }
  const auto oldest = std::prev(by_use_.end());
  auto [first, last] = by_text_.equal_range(sqlite3_sql(*oldest));
  while (first != last && first->second != oldest) {
    ++first;
  }
  by_text_.erase(first);
  sqlite3_finalize(*oldest);
  by_use_.erase(oldest);
}

void StatementCache::clear() noexcept {
  by_text_.clear();
  for (sqlite3_stmt* raw : by_use_) {
    sqlite3_finalize(raw);
  }
  by_use_.clear();
}

}  // namespace storage_sqlite::engine
