// plugins/storage_sqlite/engine/pool.cpp - a fair line for a bounded number of readers.
#include "engine/pool.hpp"

#include <sqlite3.h>
#include <utility>

namespace storage_sqlite::engine {

Pool::Lease::Lease(Lease&& other) noexcept
    : home_(std::exchange(other.home_, nullptr)),
      connection_(std::move(other.connection_)),
      lent_(other.lent_) {}

Pool::Lease::~Lease() {
  if (home_ != nullptr) {
    home_->give_back(std::move(connection_), lent_);
  }
}

bool Pool::Lease::aborted() const {
  const std::scoped_lock lock(home_->mutex_);
  return lent_->aborted;
}

Pool::Pool(std::string path, ConnectionOptions connection, const PoolOptions& options)
    : path_(std::move(path)),
      connection_(connection),
      options_(options),
      permits_(options.readers_max) {
  connection_.access = Access::ReadOnly;
}

bp::result<Pool::Lease> Pool::checkout() {
  {
    std::unique_lock lock(mutex_);
    BP_TRY(wait_for_permit(lock));
    if (!idle_.empty()) {
      // The one used last has the warmest cache.
      Connection connection = std::move(idle_.back().connection);
      idle_.pop_back();
      return lend(std::move(connection));
    }
  }
  auto opened = Connection::open(path_, connection_);
  const std::scoped_lock lock(mutex_);
  if (!opened) {
    release_permit();
    return std::unexpected(std::move(opened).error().during("opening a reader"));
  }
  return lend(std::move(*opened));
}

Pool::Lease Pool::lend(Connection connection) {
  const auto lent =
      lent_.insert(lent_.end(), {connection.handle(), std::chrono::steady_clock::now()});
  return Lease(*this, std::move(connection), lent);
}

bp::result<void> Pool::wait_for_permit(std::unique_lock<std::mutex>& lock) {
  if (!closed_ && permits_ > 0 && line_.empty()) {
    --permits_;
    return {};
  }
  Waiter waiter;
  const auto place = line_.insert(line_.end(), &waiter);
  waiter.granted_or_closed.wait_for(lock, options_.checkout_timeout,
                                    [&] { return waiter.granted || closed_; });
  if (waiter.granted) {  // and taken out of the line by the one who granted it
    return {};
  }
  line_.erase(place);
  if (closed_) {
    return bp::fail(BP_E_CLOSED, "the store is closing; read again after its restart");
  }
  return bp::fail(BP_E_TIMEOUT, "POOL_TIMEOUT: all " + std::to_string(options_.readers_max) +
                                    " readers were busy for " +
                                    std::to_string(options_.checkout_timeout.count()) +
                                    " ms; ask for smaller pages, or raise readers_max");
}

void Pool::release_permit() {
  if (line_.empty()) {
    ++permits_;
    return;
  }
  Waiter* first = line_.front();
  line_.pop_front();
  first->granted = true;
  first->granted_or_closed.notify_one();
}

void Pool::give_back(Connection connection, std::list<Lent>::iterator lent) {
  const std::scoped_lock lock(mutex_);
  lent_.erase(lent);  // before the connection may close: nobody interrupts it from here on
  if (!closed_) {
    idle_.push_back({std::move(connection), std::chrono::steady_clock::now()});
    close_surplus();
  }
  release_permit();
}

void Pool::close_surplus() {
  const auto too_old = std::chrono::steady_clock::now() - options_.idle_time_max;
  while (idle_.size() > options_.idle_min && idle_.front().since <= too_old) {
    idle_.pop_front();
  }
}

void Pool::close() {
  const std::scoped_lock lock(mutex_);
  closed_ = true;
  idle_.clear();
  for (Waiter* waiter : line_) {
    waiter->granted_or_closed.notify_one();
  }
}

std::size_t Pool::abort_older_than(std::chrono::milliseconds age) {
  const std::scoped_lock lock(mutex_);
  const auto latest = std::chrono::steady_clock::now() - age;
  std::size_t aborted = 0;
  for (Lent& lent : lent_) {
    if (lent.since <= latest) {
      sqlite3_interrupt(lent.handle);  // again and again: between two statements it is of no effect
      aborted += lent.aborted ? 0U : 1U;
      lent.aborted = true;
    }
  }
  return aborted;
}

std::size_t Pool::in_use() const {
  const std::scoped_lock lock(mutex_);
  return lent_.size();
}

std::size_t Pool::idle() const {
  const std::scoped_lock lock(mutex_);
  return idle_.size();
}

std::size_t Pool::waiting() const {
  const std::scoped_lock lock(mutex_);
  return line_.size();
}

}  // namespace storage_sqlite::engine
