// host/runtime/timer_queue.cpp - an ordered map of due times; the thread waits on the first.
#include "host/runtime/timer_queue.hpp"

#include <chrono>

#include "host/runtime/runtime.hpp"
#include "host/runtime/thread_name.hpp"

namespace host::runtime {

TimerQueue::TimerQueue() : thread_([this] { run(); }) {}

TimerQueue::~TimerQueue() {
  stop();
}

TimerQueue::Id TimerQueue::add(std::uint64_t at_ns, std::uint64_t every_ns,
                               std::function<void(std::uint64_t)> fire) {
  const std::lock_guard lock(mutex_);
  if (stopping_) {
    return 0;
  }
  const Id id = next_id_++;
  const auto place = by_time_.emplace(at_ns, id);
  entries_.emplace(id, Entry{every_ns, std::move(fire), place});
  if (place == by_time_.begin()) {
    changed_.notify_one();
  }
  return id;
}

bool TimerQueue::cancel(Id id) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) {
    return false;
  }
  by_time_.erase(found->second.place);
  entries_.erase(found);
  return true;
}

void TimerQueue::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable() && thread_.get_id() != std::this_thread::get_id()) {
    thread_.join();
  }
  // What waiting callbacks hold is let go now, while what they refer to still stands.
  std::unordered_map<Id, Entry> unfired;
  {
    const std::lock_guard lock(mutex_);
    by_time_.clear();
    unfired.swap(entries_);
  }
}

void TimerQueue::fire_due(std::unique_lock<std::mutex>& lock, std::uint64_t now) {
  const auto first = by_time_.begin();
  const Id id = first->second;
  const std::uint64_t due = first->first;
  Entry& entry = entries_.at(id);
  by_time_.erase(first);
  std::function<void(std::uint64_t)> fire;
  std::uint64_t count = 1;
  if (entry.every_ns == 0) {
    fire = std::move(entry.fire);
    entries_.erase(id);
  } else {
    count += (now - due) / entry.every_ns;
    entry.place = by_time_.emplace(due + count * entry.every_ns, id);
    fire = entry.fire;
  }
  lock.unlock();
  fire(count);
  lock.lock();
}

void TimerQueue::run() {
  name_this_thread("bp-timer");
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (by_time_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const std::uint64_t due = by_time_.begin()->first;
    const std::uint64_t now = now_ns();
    if (due <= now) {
      fire_due(lock, now);
    } else {
      changed_.wait_for(lock, std::chrono::nanoseconds(due - now));
    }
  }
}

}  // namespace host::runtime
