// plugins/storage_sqlite/store/health.cpp - the refusals of a database that is damaged or behind.
#include "store/health.hpp"

namespace storage_sqlite::store {

void Health::note(const bp::error& why) {
  if (why.code() == BP_E_CORRUPT) {
    quarantine(why);
    return;
  }
  const std::string& message = why.message();
  if (message.starts_with("DISK_FULL") || message.starts_with("READ_ONLY")) {
    const std::scoped_lock lock(mutex_);
    obstacle_ = message;
  }
}

std::string Health::obstacle() const {
  const std::scoped_lock lock(mutex_);
  return obstacle_;
}

void Health::clear_obstacle() {
  const std::scoped_lock lock(mutex_);
  obstacle_.clear();
}

void Health::quarantine(const bp::error& why) {
  const std::scoped_lock lock(mutex_);
  if (damage_.empty()) {
    damage_ = why.text();
  }
  quarantined_.store(true, std::memory_order_relaxed);
}

void Health::clear() {
  const std::scoped_lock lock(mutex_);
  damage_.clear();
  quarantined_.store(false, std::memory_order_relaxed);
}

std::string Health::damage() const {
  const std::scoped_lock lock(mutex_);
  return damage_;
}

bp::result<void> Health::may_read() const {
  if (behind()) {
    return bp::fail(BP_E_STATE,
                    "SCHEMA_OLD: the database was migrated down, or waits for its migrations; run "
                    "`backplane migrate up`");
  }
  return {};
}

bp::result<void> Health::may_write() const {
  BP_TRY(may_read());
  if (quarantined()) {
    return bp::fail(BP_E_CORRUPT, "CORRUPT: damage was found, so nothing is written any more: " +
                                      damage() + "; restore a backup (bp.storage.admin/1.Restore)");
  }
  return {};
}

}  // namespace storage_sqlite::store
