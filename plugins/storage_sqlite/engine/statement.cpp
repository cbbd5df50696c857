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
    : raw_(std::exchange(other.raw_, nullptr)),
      cached_(other.cached_),
      home_(other.home_),
      bind_code_(other.bind_code_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  if (this != &other) {
    give_back();
    raw_ = std::exchange(other.raw_, nullptr);
    cached_ = other.cached_;
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
    raw_ = nullptr;
    home_->take_back(*cached_);
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
  if (CachedStatement* found = find(sql); found != nullptr) {
    return lend(*found);
  }
  sqlite3_stmt* raw = nullptr;
  const char* tail = nullptr;
  const int code = sqlite3_prepare_v3(handle, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, &tail);
  if (code != SQLITE_OK) {
    return std::unexpected(failure(handle, code, shown(sql)));
  }
  if (raw == nullptr || !only_space(sql.substr(static_cast<std::size_t>(tail - sql.data())))) {
    sqlite3_finalize(raw);
    return bp::fail(BP_E_INVALID, "SQL_DENIED: exactly one statement is allowed; " + shown(sql));
  }
  return lend(keep(raw));
}

CachedStatement* StatementCache::find(std::string_view sql) {
  constexpr unsigned low_bits = 3;
  const auto address = reinterpret_cast<std::uintptr_t>(sql.data());
  CachedStatement*& near = near_[((address >> low_bits) + sql.size()) % near_slots];
  if (near != nullptr && !near->lent && near->text == sql) {
    return near;
  }
  for (auto [first, last] = by_text_.equal_range(sql); first != last; ++first) {
    if (!first->second->lent) {
      near = first->second;
      return near;
    }
  }
  return nullptr;
}

CachedStatement& StatementCache::keep(sqlite3_stmt* raw) {
  try {
    by_use_.push_front({.raw = raw, .text = sqlite3_sql(raw)});
  } catch (...) {
    sqlite3_finalize(raw);
    throw;
  }
  CachedStatement& made = by_use_.front();
  made.place = by_use_.begin();
  try {
    by_text_.emplace(made.text, &made);
  } catch (...) {
    by_use_.pop_front();
    sqlite3_finalize(raw);
    throw;
  }
  ++idle_;
  return made;
}

Statement StatementCache::lend(CachedStatement& statement) noexcept {
  statement.lent = true;
  --idle_;
  return {statement, *this};
}

void StatementCache::take_back(CachedStatement& statement) noexcept {
  sqlite3_reset(statement.raw);
  sqlite3_clear_bindings(statement.raw);
  statement.lent = false;
  ++idle_;
  by_use_.splice(by_use_.begin(), by_use_, statement.place);
  for (auto oldest = by_use_.end(); idle_ > statements_max_;) {
    --oldest;
    if (!oldest->lent) {
      drop(*oldest);
      oldest = by_use_.end();
    }
  }
}

void StatementCache::drop(CachedStatement& statement) noexcept {
  std::ranges::replace(near_, &statement, static_cast<CachedStatement*>(nullptr));
  auto [first, last] = by_text_.equal_range(statement.text);
  while (first != last && first->second != &statement) {
    ++first;
  }
  by_text_.erase(first);  // before the text goes with the statement
  sqlite3_finalize(statement.raw);
  by_use_.erase(statement.place);
  --idle_;
}

void StatementCache::clear() noexcept {
  for (auto each = by_use_.begin(); each != by_use_.end();) {
    CachedStatement& statement = *each++;
    if (!statement.lent) {
      drop(statement);
    }
  }
}

}  // namespace storage_sqlite::engine
