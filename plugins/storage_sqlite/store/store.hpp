// plugins/storage_sqlite/store/store.hpp - one open database: the lock, the schema, the writer and
// the readers, in order.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"
#include "engine/file_lock.hpp"
#include "engine/pool.hpp"
#include "engine/writer.hpp"
#include "migration/folder.hpp"
#include "migration/migration.hpp"
#include "store/health.hpp"

namespace storage_sqlite::store {

struct Settings {
  std::string path{};
  engine::Durability durability = engine::Durability::Os;  // of requests that do not ask for one
  engine::ConnectionOptions connection{};
  engine::PoolOptions readers{};
  engine::WriterOptions writer{};
  engine::Rules sql{};
  std::string migrations_folder{};  // of the tables of SQL; empty: there is none
  bool migrate_at_start = true;     // false: a database that is behind serves only its migration
};

/// Every component with tables of its own, in the order in which they are made.
[[nodiscard]] std::vector<migration::Plan> schema();

/// Some component of schema() is not at its newest version. Errors: those of migration::verify.
[[nodiscard]] bp::result<bool> is_behind(engine::Connection& connection);

/// A resource. Thread: any, but opening and closing belong to one.
class Store {
 public:
  /// Makes missing folders, takes the lock, migrates, starts the writer. Blocks.
  [[nodiscard]] static bp::result<std::unique_ptr<Store>> open(const Settings& settings);

  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  Store(Store&&) = delete;
  Store& operator=(Store&&) = delete;
  ~Store();

  [[nodiscard]] engine::Writer& writer() noexcept { return writer_; }

  [[nodiscard]] engine::Pool& readers() noexcept { return readers_; }

  [[nodiscard]] Health& health() noexcept { return health_; }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  [[nodiscard]] const engine::Rules& sql_rules() const noexcept { return sql_rules_; }

  /// Those of schema(), and that of the folder.
  [[nodiscard]] std::vector<migration::Plan> plans() const;

  /// There was no database before.
  [[nodiscard]] bool fresh() const noexcept { return fresh_; }

  /// What opening it did.
  [[nodiscard]] const std::vector<migration::Move>& moves() const noexcept { return moves_; }

  [[nodiscard]] std::uint64_t busy_retries() const noexcept {
    return connection_options_.busy_retries->load(std::memory_order_relaxed);
  }

  /// Another connection, for what takes long and must not be in anybody's way.
  [[nodiscard]] bp::result<engine::Connection> connect(engine::Access access) const;

  using Alone = std::move_only_function<void(bp::result<engine::Connection*>)>;
  /// Runs `work` on the writer's thread between two groups, in its turn, with a connection of its
  /// own that writes. For what may undo a transaction by itself (interrupted SQL), or begins its
  /// own (migrations): nobody shares it. The lock is free then: it never waits for the writer.
  /// Errors: those of Writer::submit, then `work` is not called; else it is, exactly once.
  [[nodiscard]] bp::result<void> submit_alone(std::uint64_t bytes, Alone work);

  /// Commits what is queued and refuses what comes later. Leases must be back before destruction.
  void close();

 private:
  Store(engine::FileLock lock, engine::Connection connection, const Settings& settings,
        engine::ConnectionOptions options, std::unique_ptr<migration::Folder> folder);
  [[nodiscard]] bp::result<engine::Connection*> alone_connection();

  engine::FileLock lock_;  // first: it is given up last
  std::string path_;
  engine::ConnectionOptions connection_options_;
  engine::Rules sql_rules_;
  std::unique_ptr<migration::Folder> folder_;
  std::vector<migration::Move> moves_;
  bool fresh_ = false;
  Health health_;
  std::optional<engine::Connection> alone_;  // the writer's thread only
  engine::Writer writer_;
  engine::Pool readers_;
};

}  // namespace storage_sqlite::store
