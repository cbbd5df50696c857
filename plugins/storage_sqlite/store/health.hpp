// plugins/storage_sqlite/store/health.hpp - whether the database may be used: damage that was seen,
// a schema that is behind, and a disk that takes nothing.
//
// Thread: any. What is damaged is never written again by this process: reads go on where they can.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "backplane/cpp/error.hpp"

namespace storage_sqlite::store {

class Health {
 public:
  /// Takes note of damage and of a disk that is full or read-only; gives back what it was given.
  template <typename Value>
  [[nodiscard]] bp::result<Value> seen(bp::result<Value> outcome) {
    if (!outcome) {
      note(outcome.error());
    }
    return outcome;
  }

  /// What a write met last: DISK_FULL or READ_ONLY, with the rest of its error. Empty: nothing.
  [[nodiscard]] std::string obstacle() const;
  void clear_obstacle();

  void note(const bp::error& why);
  void quarantine(const bp::error& why);
  /// A restored database is sound again.
  void clear();

  [[nodiscard]] bool quarantined() const noexcept {
    return quarantined_.load(std::memory_order_relaxed);
  }

  /// What was seen first; empty: nothing.
  [[nodiscard]] std::string damage() const;

  void set_behind(bool behind) noexcept { behind_.store(behind, std::memory_order_relaxed); }

  [[nodiscard]] bool behind() const noexcept { return behind_.load(std::memory_order_relaxed); }

  /// Errors: STATE (SCHEMA_OLD).
  [[nodiscard]] bp::result<void> may_read() const;
  /// Errors: STATE (SCHEMA_OLD), CORRUPT (read-only quarantine).
  [[nodiscard]] bp::result<void> may_write() const;

 private:
  std::atomic<bool> quarantined_ = false;
  std::atomic<bool> behind_ = false;
  mutable std::mutex mutex_;
  std::string damage_;
  std::string obstacle_;
};

}  // namespace storage_sqlite::store
