// plugins/storage_sqlite/engine/statement.hpp - one prepared statement, and the cache it returns
// to.
//
// A Statement is a resource of its Connection and must not outlive it. Thread: the Connection's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "backplane/cpp/error.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace storage_sqlite::engine {

class StatementCache;

/// What a column of the present row holds.
enum class Kind : std::uint8_t { Null, Integer, Real, Text, Blob };

/// A statement that its cache keeps, lent or idle.
struct CachedStatement {
  sqlite3_stmt* raw = nullptr;
  std::string_view text{};  // sqlite3_sql()
  std::list<CachedStatement>::iterator place{};
  bool lent = false;
};

/// Bind, step, read. Text and bytes are bound without a copy: they must live until the last step.
class Statement {
 public:
  Statement(CachedStatement& cached, StatementCache& home) noexcept
      : raw_(cached.raw), cached_(&cached), home_(&home) {}

  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  /// Parameters count from 1. The first failure is kept and told by the next step.
  Statement& bind(int parameter, std::int64_t value);
  Statement& bind(int parameter, std::string_view text);
  Statement& bind(int parameter, double value);
  Statement& bind_null(int parameter);
  Statement& bind_bytes(int parameter, std::string_view bytes);

  /// True: a row is here. False: the statement is finished.
  [[nodiscard]] bp::result<bool> step();
  /// Runs a statement that gives no rows (rows are skipped).
  [[nodiscard]] bp::result<void> run();
  /// Ready to be bound and stepped again.
  void reset() noexcept;

  /// Columns count from 0; views live until the next step or reset.
  [[nodiscard]] std::int64_t integer(int column) const noexcept;
  [[nodiscard]] double real(int column) const noexcept;
  [[nodiscard]] std::string_view text(int column) const noexcept;
  [[nodiscard]] std::string_view bytes(int column) const noexcept;
  [[nodiscard]] Kind kind(int column) const noexcept;

  [[nodiscard]] int columns() const noexcept;
  [[nodiscard]] std::string_view column_name(int column) const noexcept;
  /// The largest number of a parameter.
  [[nodiscard]] int parameters() const noexcept;
  /// Of a parameter by its name, with its first letter (":a"); 0: there is none.
  [[nodiscard]] int parameter(const std::string& name) const noexcept;
  /// It changes nothing in the database (sqlite3_stmt_readonly).
  [[nodiscard]] bool only_reads() const noexcept;

 private:
  void give_back() noexcept;

  sqlite3_stmt* raw_;
  CachedStatement* cached_;
  StatementCache* home_;
  int bind_code_ = 0;
};

/// Statements by their text; the least recently used idle one goes when too many are idle. Asking
/// for the same text again, from the same literal, costs a comparison.
class StatementCache {
 public:
  explicit StatementCache(std::size_t statements_max) noexcept : statements_max_(statements_max) {}

  StatementCache(const StatementCache&) = delete;
  StatementCache& operator=(const StatementCache&) = delete;
  StatementCache(StatementCache&&) = delete;
  StatementCache& operator=(StatementCache&&) = delete;
  ~StatementCache();

  /// An idle statement or a newly prepared one. `sql` must hold exactly one statement.
  [[nodiscard]] bp::result<Statement> prepare(sqlite3* handle, std::string_view sql);
  void take_back(CachedStatement& statement) noexcept;
  /// Finalizes what is idle; needed before the handle closes.
  void clear() noexcept;

  [[nodiscard]] std::size_t idle() const noexcept { return idle_; }

 private:
  using ByUse = std::list<CachedStatement>;

  static constexpr std::size_t near_slots = 64;

  [[nodiscard]] CachedStatement* find(std::string_view sql);
  [[nodiscard]] Statement lend(CachedStatement& statement) noexcept;
  [[nodiscard]] CachedStatement& keep(sqlite3_stmt* raw);
  void drop(CachedStatement& statement) noexcept;

  std::size_t statements_max_;
  std::size_t idle_ = 0;
  ByUse by_use_;  // most recently used first
  std::unordered_multimap<std::string_view, CachedStatement*> by_text_;
  std::array<CachedStatement*, near_slots>
      near_{};  // by the address of the text that was asked for
};

}  // namespace storage_sqlite::engine
