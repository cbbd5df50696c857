// plugins/storage_sqlite/engine/connection.cpp - opening a database with the settings that
// everything else relies on.
#include "engine/connection.hpp"

#include <algorithm>
#include <array>
#include <sqlite3.h>
#include <utility>

#include "engine/failure.hpp"
#include "engine/guard.hpp"

namespace storage_sqlite::engine {
namespace {

/// Of the log, until they are moved into the database: pages that are written again and again by
/// small commits are moved once, and the log's index still is one piece (4096) to its readers.
constexpr int checkpoint_pages = 4'000;

}  // namespace

struct Connection::Open {
  Open(sqlite3* opened, const ConnectionOptions& options)
      : handle(opened),
        statements(options.statements_max),
        guarded(options.statements_max),
        busy_timeout_ms(options.busy_timeout_ms),
        busy_retries(options.busy_retries) {}

  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;
  Open(Open&&) = delete;
  Open& operator=(Open&&) = delete;

  ~Open() {
    statements.clear();
    guarded.clear();
    sqlite3_close_v2(handle);
  }

  /// SQLite's own waiting times, and each wait counted.
  static int wait_for_lock(void* self, int tries) noexcept {
    constexpr std::array delays_ms{1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100};
    auto& open = *static_cast<Open*>(self);
    if (!open.waiting) {
      return 0;
    }
    open.waited_ms = tries == 0 ? 0 : open.waited_ms;
    const int next_ms =
        delays_ms.at(std::min<std::size_t>(static_cast<std::size_t>(tries), delays_ms.size() - 1));
    const int left_ms = open.busy_timeout_ms - open.waited_ms;
    if (left_ms <= 0) {
      return 0;
    }
    if (open.busy_retries) {
      open.busy_retries->fetch_add(1, std::memory_order_relaxed);
    }
    const int delay_ms = std::min(next_ms, left_ms);
    sqlite3_sleep(delay_ms);
    open.waited_ms += delay_ms;
    return 1;
  }

  /// Set once and for good: setting it again would make every cached statement prepare anew.
  static int authorize(void* self, int action, const char* first, const char* second,
                       const char* /*database*/, const char* /*within*/) noexcept {
    Guard* guard = static_cast<Open*>(self)->guard;
    return guard == nullptr || guard->allows(action, first, second) ? SQLITE_OK : SQLITE_DENY;
  }

  sqlite3* handle;
  StatementCache statements;
  StatementCache guarded;
  std::unique_ptr<Deferred> deferred;
  bool may_defer = false;
  std::string guarded_by;  // the rules that its statements were prepared under
  Guard* guard = nullptr;
  std::int32_t busy_timeout_ms;
  std::int32_t waited_ms = 0;
  bool waiting = true;
  std::shared_ptr<std::atomic<std::uint64_t>> busy_retries;
};

Connection::Connection(std::unique_ptr<Open> open) noexcept : open_(std::move(open)) {}

Connection::Connection(Connection&& other) noexcept = default;
Connection& Connection::operator=(Connection&& other) noexcept = default;
Connection::~Connection() = default;

bp::result<Connection> Connection::open(const std::string& path, const ConnectionOptions& options) {
  const int flags =
      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
      (options.access == Access::ReadOnly ? SQLITE_OPEN_READONLY
                                          : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  Connection connection(std::make_unique<Open>(handle, options));
  // Without its folders: a call from afar may be the first to need another connection.
  const std::string doing = "opening the database '" + path.substr(path.rfind('/') + 1) + "'";
  if (code != SQLITE_OK) {
    return std::unexpected(failure(handle, code, doing));
  }
  if (auto configured = connection.configure(options); !configured) {
    return std::unexpected(std::move(configured).error().during(doing));
  }
  return connection;
}

bp::result<void> Connection::configure(const ConnectionOptions& options) {
  sqlite3* handle = open_->handle;
  sqlite3_busy_handler(handle, &Open::wait_for_lock, open_.get());
  sqlite3_set_authorizer(handle, &Open::authorize, open_.get());
  // The file may come from a stranger: nothing in its schema may call what is not innocuous, and
  // no statement of ours may bend the schema itself.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
  sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
  if (options.access == Access::ReadWrite) {
    const auto mode = word("PRAGMA journal_mode = WAL");
    BP_TRY(mode);
    if (*mode != "wal") {
      return bp::fail(BP_E_UNSUPPORTED, "NO_WAL: the journal mode stayed '" + *mode +
                                            "'; put the database on a local file system");
    }
    BP_TRY(set_durability(Durability::Os));
    BP_TRY(execute("PRAGMA wal_autocheckpoint = " + std::to_string(checkpoint_pages)));
  }
  BP_TRY(execute("PRAGMA cache_size = -" + std::to_string(options.cache_size_kib) +
                 "; PRAGMA mmap_size = " + std::to_string(options.mmap_bytes) +
                 "; PRAGMA temp_store = MEMORY"));
  // Reads page 1: a file that is no database is found here and not by the first request.
  BP_TRY(number("PRAGMA schema_version"));
  return {};
}

bp::result<Statement> Connection::prepare(std::string_view sql) {
  return open_->statements.prepare(open_->handle, sql);
}

bp::result<Statement> Connection::prepare_guarded(std::string_view sql) {
  return open_->guarded.prepare(open_->handle, sql);
}

void Connection::set_guard(Guard& guard, std::string rules) {
  if (open_->guarded_by != rules) {
    open_->guarded.clear();
    open_->guarded_by = std::move(rules);
  }
  open_->guard = &guard;
}

void Connection::clear_guard() noexcept {
  open_->guard = nullptr;
}

void Connection::set_waiting(bool waiting) noexcept {
  open_->waiting = waiting;
}

sqlite3* Connection::handle() const noexcept {
  return open_->handle;
}

bp::result<void> Connection::run(std::string_view sql) {
  auto statement = prepare(sql);
  BP_TRY(statement);
  return statement->run();
}

bp::result<void> Connection::execute(const std::string& sql) {
  const int code = sqlite3_exec(open_->handle, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) {
    return std::unexpected(failure(open_->handle, code, "running '" + sql.substr(0, 120) + "'"));
  }
  return {};
}

bp::result<std::int64_t> Connection::number(std::string_view sql) {
  auto statement = prepare(sql);
  BP_TRY(statement);
  const auto row = statement->step();
  BP_TRY(row);
  return *row ? statement->integer(0) : 0;
}

bp::result<std::string> Connection::word(std::string_view sql) {
  auto statement = prepare(sql);
  BP_TRY(statement);
  const auto row = statement->step();
  BP_TRY(row);
  return *row ? std::string(statement->text(0)) : std::string();
}

bp::result<bool> Connection::has_table(std::string_view name) {
  auto statement = prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1");
  BP_TRY(statement);
  return statement->bind(1, name).step();
}

bp::result<void> Connection::set_durability(Durability durability) {
  if (durability_ == durability) {
    return {};
  }
  BP_TRY(execute(durability == Durability::Disk ? "PRAGMA synchronous = FULL"
                                                : "PRAGMA synchronous = NORMAL"));
  durability_ = durability;
  return {};
}

bool Connection::in_transaction() const noexcept {
  return sqlite3_get_autocommit(open_->handle) == 0;
}

Deferred* Connection::deferred() const noexcept {
  return open_->deferred.get();
}

void Connection::defer(std::unique_ptr<Deferred> deferred) noexcept {
  open_->deferred = std::move(deferred);
}

bool Connection::may_defer() const noexcept {
  return open_->may_defer;
}

std::size_t Connection::deferred_mark() const noexcept {
  return open_->deferred == nullptr ? 0 : open_->deferred->mark();
}

void Connection::defer_no_more_than(std::size_t mark) noexcept {
  if (open_->deferred != nullptr) {
    open_->deferred->back_to(mark);
  }
}

void Connection::forget_deferred() noexcept {
  if (open_->deferred != nullptr) {
    open_->deferred->forget();
  }
}

std::int64_t Connection::changes() const noexcept {
  return sqlite3_changes64(open_->handle);
}

std::int64_t Connection::total_changes() const noexcept {
  return sqlite3_total_changes64(open_->handle);
}

std::int64_t Connection::last_insert_rowid() const noexcept {
  return sqlite3_last_insert_rowid(open_->handle);
}

std::size_t Connection::idle_statements() const noexcept {
  return open_->statements.idle();
}

bp::result<Transaction> Transaction::begin(Connection& connection) {
  BP_TRY(connection.run("BEGIN IMMEDIATE"));
  connection.open_->may_defer = true;
  return Transaction(connection);
}

Transaction::~Transaction() {
  if (connection_ == nullptr) {
    return;
  }
  connection_->open_->may_defer = false;
  connection_->forget_deferred();
  // SQLite may have rolled back by itself (disk full): then there is nothing left to do.
  if (connection_->in_transaction()) {
    (void)connection_->execute("ROLLBACK");
  }
}

bp::result<void> Transaction::commit() {
  Deferred* const deferred = connection_->deferred();
  if (deferred != nullptr) {
    BP_TRY(deferred->write(*connection_));
  }
  BP_TRY(connection_->run("COMMIT"));
  if (deferred != nullptr) {
    deferred->committed();
  }
  connection_->open_->may_defer = false;
  connection_ = nullptr;
  return {};
}

bp::result<Moment> Moment::begin(Connection& connection) {
  BP_TRY(connection.run("BEGIN"));
  return Moment(connection);
}

Moment::~Moment() {
  // Nothing was written: a failure of the end is nobody's, but the reader must not stay in it.
  if (connection_ != nullptr && connection_->in_transaction() && !connection_->run("COMMIT")) {
    (void)connection_->execute("ROLLBACK");
  }
}

}  // namespace storage_sqlite::engine
