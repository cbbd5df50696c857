// host/registry/watch.cpp - one queue a watcher, and one thread at a time that empties it.
#include "host/registry/watch.hpp"

#include <algorithm>
#include <utility>

#include "host/name/glob.hpp"
#include "host/registry/registry.hpp"

namespace host::registry {

Watcher::Watcher(std::string pattern, Told told, std::vector<Event> existing)
    : pattern_(std::move(pattern)),
      told_(std::move(told)),
      pending_(std::move(existing)),
      teller_(std::this_thread::get_id()) {}

bool Watcher::wants(const Event& event) const {
  return name::matches(pattern_, event.name);
}

void Watcher::add(std::span<const Event> events) {
  const std::lock_guard lock(mutex_);
  if (closed_) {
    return;
  }
  for (const Event& event : events) {
    if (!wants(event)) {
      continue;
    }
    if (pending_.size() >= events_pending_max || missed_ != 0) {
      missed_ += missed_ == 0 ? pending_.size() + 1 : 1;
      pending_.clear();
    } else {
      pending_.push_back(event);
    }
  }
}

void Watcher::start() {
  std::unique_lock lock(mutex_);
  tell_all(lock);
}

void Watcher::tell() {
  std::unique_lock lock(mutex_);
  if (teller_ == std::thread::id{}) {
    teller_ = std::this_thread::get_id();
    tell_all(lock);
  }
}

void Watcher::tell_all(std::unique_lock<std::mutex>& lock) {
  while (!closed_ && (!pending_.empty() || missed_ != 0)) {
    std::vector<Event> batch = std::exchange(pending_, {});
    if (const std::uint64_t missed = std::exchange(missed_, 0); missed != 0) {
      Event event;
      event.change = Change::Missed;
      event.missed = missed;
      batch.push_back(std::move(event));
    }
    lock.unlock();
    told_(batch);
    lock.lock();
  }
  teller_ = {};
  silent_.notify_all();
}

void Watcher::close() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  pending_.clear();
  if (teller_ != std::this_thread::get_id()) {
    silent_.wait(lock, [this] { return teller_ == std::thread::id{}; });
  }
}

Watch& Watch::operator=(Watch&& other) noexcept {
  if (this != &other) {
    end();
    registry_ = other.registry_;
    watcher_ = std::move(other.watcher_);
  }
  return *this;
}

Watch::~Watch() {
  end();
}

void Watch::end() {
  if (const std::shared_ptr<Watcher> ended = std::exchange(watcher_, nullptr)) {
    registry_->end(*ended);
  }
}

}  // namespace host::registry
