// plugins/storage_sqlite/engine/pool.hpp - a few read-only connections, lent first come, first
// served.
//
// Connections open on demand, and surplus ones close when they were idle for long. Owns: the
// connections. Thread: any. A lease must not outlive the pool.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <list>
#include <mutex>
#include <string>

#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"

struct sqlite3;

namespace storage_sqlite::engine {

struct PoolOptions {
  std::uint32_t readers_max = 8;
  std::uint32_t idle_min = 2;
  std::chrono::milliseconds checkout_timeout{10'000};
  std::chrono::milliseconds idle_time_max{600'000};
};

class Pool {
  struct Lent {
    sqlite3* handle;
    std::chrono::steady_clock::time_point since;
    bool aborted = false;
  };

 public:
  /// A connection on loan; goes back when it leaves the scope.
  class Lease {
   public:
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&&) = delete;
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease();

    [[nodiscard]] Connection& operator*() noexcept { return connection_; }

    [[nodiscard]] Connection* operator->() noexcept { return &connection_; }

    /// abort_older_than() met it: what it was doing failed for that reason.
    [[nodiscard]] bool aborted() const;

   private:
    friend class Pool;

    Lease(Pool& home, Connection connection, std::list<Lent>::iterator lent) noexcept
        : home_(&home), connection_(std::move(connection)), lent_(lent) {}

    Pool* home_;
    Connection connection_;
    std::list<Lent>::iterator lent_;
  };

  Pool(std::string path, ConnectionOptions connection, const PoolOptions& options);

  /// Waits in line. Errors: TIMEOUT (POOL_TIMEOUT), CLOSED, or those of opening a connection.
  [[nodiscard]] bp::result<Lease> checkout();
  /// Everyone in line is told CLOSED; idle connections close; leases close when they come back.
  void close();

  [[nodiscard]] std::uint32_t readers_max() const noexcept { return options_.readers_max; }

  /// Interrupts the statements of readers that were lent for longer; how many met it for the first
  /// time.
  std::size_t abort_older_than(std::chrono::milliseconds age);

  [[nodiscard]] std::size_t idle() const;
  [[nodiscard]] std::size_t waiting() const;
  [[nodiscard]] std::size_t in_use() const;

 private:
  struct Waiter {
    std::condition_variable granted_or_closed;
    bool granted = false;
  };

  struct Idle {
    Connection connection;
    std::chrono::steady_clock::time_point since;
  };

  [[nodiscard]] bp::result<void> wait_for_permit(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] Lease lend(Connection connection);  // with the mutex held
  void give_back(Connection connection, std::list<Lent>::iterator lent);
  void release_permit();  // with the mutex held
  void close_surplus();   // with the mutex held

  std::string path_;
  ConnectionOptions connection_;
  PoolOptions options_;
  mutable std::mutex mutex_;
  std::list<Waiter*> line_;  // first come first; each waiter lives on its thread's stack
  std::deque<Idle> idle_;    // longest idle first
  std::list<Lent> lent_;     // longest lent first
  std::uint32_t permits_;    // connections that may still be lent
  bool closed_ = false;
};

}  // namespace storage_sqlite::engine
