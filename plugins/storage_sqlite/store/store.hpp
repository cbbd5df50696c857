// plugins/storage_sqlite/store/store.hpp - one open database: the lock, the schema, the writer and
// the readers, in order.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"
#include "engine/file_lock.hpp"
#include "engine/pool.hpp"
#include "engine/writer.hpp"
#include "migration/migration.hpp"

namespace storage_sqlite::store {

struct Settings {
  std::string path{};
  engine::Durability durability = engine::Durability::Os;  // of requests that do not ask for one
  engine::ConnectionOptions connection{};
  engine::PoolOptions readers{};
  engine::WriterOptions writer{};
};

/// Every component with tables of its own, in the order in which they are made.
[[nodiscard]] std::vector<migration::Plan> schema();

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

  /// Commits what is queued and refuses what comes later. Leases must be back before destruction.
  void close();

 private:
  Store(engine::FileLock lock, engine::Connection connection, const Settings& settings);

  engine::FileLock lock_;  // first: it is given up last
  engine::Writer writer_;
  engine::Pool readers_;
};

}  // namespace storage_sqlite::store
