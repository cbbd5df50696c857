// plugins/storage_sqlite/engine/connection.hpp - one open database file with our settings and its
// cached statements.
//
// Owns: the SQLite handle. Thread: one at a time (opened without SQLite's own mutex).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "backplane/cpp/error.hpp"

#include "engine/statement.hpp"

struct sqlite3;

namespace storage_sqlite::engine {

/// What an acknowledged commit survives. Os: the death of the process (WAL, synchronous=NORMAL).
/// Disk: the loss of power too (synchronous=FULL: the log is flushed before the answer).
enum class Durability : std::uint8_t { Os, Disk };

enum class Access : std::uint8_t { ReadOnly, ReadWrite };

struct ConnectionOptions {
  Access access = Access::ReadWrite;
  std::int32_t busy_timeout_ms = 5'000;
  std::int64_t cache_size_kib = 20'480;
  std::int64_t mmap_bytes = 256LL * 1'024 * 1'024;
  std::size_t statements_max = 128;
  /// Counts how often a locked database was tried again; may be null.
  std::shared_ptr<std::atomic<std::uint64_t>> busy_retries{};
};

class Guard;
class Connection;

/// What a connection's transaction gathers and writes only just before its commit. One object for
/// the life of the connection. Thread: the connection's.
class Deferred {
 public:
  Deferred() = default;
  Deferred(const Deferred&) = delete;
  Deferred& operator=(const Deferred&) = delete;
  Deferred(Deferred&&) = delete;
  Deferred& operator=(Deferred&&) = delete;
  virtual ~Deferred() = default;

  /// The last statements of a transaction that is about to be committed.
  [[nodiscard]] virtual bp::result<void> write(Connection& connection) = 0;
  virtual void committed() noexcept = 0;
  /// The transaction was undone, or others wrote what this knows of: it knows nothing any more.
  virtual void forget() noexcept = 0;
  /// How much was gathered; later back_to() it: what came after was undone.
  [[nodiscard]] virtual std::size_t mark() const noexcept = 0;
  virtual void back_to(std::size_t mark) noexcept = 0;
};

class Connection {
 public:
  /// Opens `path` (created when writing) in WAL mode. A file or file system that cannot do WAL is
  /// refused, as is a file that is no database.
  [[nodiscard]] static bp::result<Connection> open(const std::string& path,
                                                   const ConnectionOptions& options);

  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) noexcept;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// A cached prepared statement; reset and returned when it goes out of scope.
  [[nodiscard]] bp::result<Statement> prepare(std::string_view sql);
  /// Runs one cached statement without parameters and without results.
  [[nodiscard]] bp::result<void> run(std::string_view sql);
  /// Runs any number of statements without parameters and without results, none of them cached.
  [[nodiscard]] bp::result<void> execute(const std::string& sql);
  /// The first column of the first row, e.g. of "PRAGMA user_version".
  [[nodiscard]] bp::result<std::int64_t> number(std::string_view sql);
  [[nodiscard]] bp::result<std::string> word(std::string_view sql);
  [[nodiscard]] bp::result<bool> has_table(std::string_view name);
  /// Takes effect from the next transaction on; not allowed inside one.
  [[nodiscard]] bp::result<void> set_durability(Durability durability);

  [[nodiscard]] bool in_transaction() const noexcept;
  /// Null until defer().
  [[nodiscard]] Deferred* deferred() const noexcept;
  void defer(std::unique_ptr<Deferred> deferred) noexcept;
  /// Inside of a Transaction: what is deferred will be written.
  [[nodiscard]] bool may_defer() const noexcept;
  /// As Deferred's functions, for a connection that may have none.
  [[nodiscard]] std::size_t deferred_mark() const noexcept;
  void defer_no_more_than(std::size_t mark) noexcept;
  void forget_deferred() noexcept;
  /// Rows changed by the last insert, update or delete itself (triggers not counted).
  [[nodiscard]] std::int64_t changes() const noexcept;
  /// Of all statements so far: triggers, and what was undone, too.
  [[nodiscard]] std::int64_t total_changes() const noexcept;
  [[nodiscard]] std::int64_t last_insert_rowid() const noexcept;
  [[nodiscard]] std::size_t idle_statements() const noexcept;
  /// For what has no statement: backups, checkpoints, limits, interruption.
  [[nodiscard]] sqlite3* handle() const noexcept;

 private:
  friend class Guard;
  friend class Transaction;
  friend class Unwaiting;

  struct Open;  // handle and cache live together, so that moving a Connection moves neither

  explicit Connection(std::unique_ptr<Open> open) noexcept;
  void set_waiting(bool waiting) noexcept;
  /// Null: our own statements, which nobody checks.
  /// Guarded statements are kept, but not for another caller than they were allowed to: `rules` are
  /// the guard's, as text.
  void set_guard(Guard& guard, std::string rules);
  void clear_guard() noexcept;
  /// As prepare(), from a cache of its own: what was prepared without a guard is not found there.
  [[nodiscard]] bp::result<Statement> prepare_guarded(std::string_view sql);
  [[nodiscard]] bp::result<void> configure(const ConnectionOptions& options);

  std::unique_ptr<Open> open_;
  std::optional<Durability>
      durability_;  // unknown until first set: SQLite's default is a build option
};

/// While it stands, the connection waits for no lock: it is BUSY at once.
class Unwaiting {
 public:
  explicit Unwaiting(Connection& connection) noexcept : connection_(connection) {
    connection_.set_waiting(false);
  }

  Unwaiting(const Unwaiting&) = delete;
  Unwaiting& operator=(const Unwaiting&) = delete;
  Unwaiting(Unwaiting&&) = delete;
  Unwaiting& operator=(Unwaiting&&) = delete;

  ~Unwaiting() { connection_.set_waiting(true); }

 private:
  Connection& connection_;
};

/// BEGIN IMMEDIATE, and ROLLBACK unless committed. What the connection defers is part of it.
class Transaction {
 public:
  [[nodiscard]] static bp::result<Transaction> begin(Connection& connection);

  Transaction(Transaction&& other) noexcept : connection_(other.connection_) {
    other.connection_ = nullptr;
  }

  Transaction& operator=(Transaction&&) = delete;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  [[nodiscard]] bp::result<void> commit();

 private:
  explicit Transaction(Connection& connection) noexcept : connection_(&connection) {}

  Connection* connection_;
};

/// From its beginning to its end a reader sees one moment of the database. Ends when it dies.
class Moment {
 public:
  [[nodiscard]] static bp::result<Moment> begin(Connection& connection);

  Moment(Moment&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}

  Moment& operator=(Moment&&) = delete;
  Moment(const Moment&) = delete;
  Moment& operator=(const Moment&) = delete;
  ~Moment();

 private:
  explicit Moment(Connection& connection) noexcept : connection_(&connection) {}

  Connection* connection_;
};

}  // namespace storage_sqlite::engine
