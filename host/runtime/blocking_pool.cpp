// host/runtime/blocking_pool.cpp - threads come when jobs wait and leave after blocking_idle_s
// without one.
#include "host/runtime/blocking_pool.hpp"

#include <chrono>
#include <system_error>
#include <utility>

#include "host/runtime/runtime.hpp"
#include "host/runtime/thread_name.hpp"

namespace host::runtime {

bool BlockingPool::submit(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || jobs_.size() >= blocking_queue_max) {
      return false;
    }
    // A thread that was woken counts as idle until it took its job, which is in the queue as long.
    if (idle_ < jobs_.size() + 1 && threads_ < threads_max_ && !start_thread() && threads_ == 0) {
      return false;
    }
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
  return true;
}

// A thread that was woken counts as idle until it took its job, which waits as long.
BlockingPool::Load BlockingPool::load() const {
  const std::lock_guard lock(mutex_);
  return {jobs_.size(), threads_, threads_ - idle_};
}

// Under the lock. False when the system has no room for another thread just now.
bool BlockingPool::start_thread() {
  try {
    std::thread([this] { work(); }).detach();  // stop() waits for threads_ to reach 0
  } catch (const std::system_error&) {
    return false;
  }
  ++threads_;
  return true;
}

BlockingPool::~BlockingPool() {
  stop(0);
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] { return threads_ == 0; });
}

unsigned BlockingPool::stop(std::uint64_t deadline_ns) {
  // What dropped jobs hold may use the pool: it is let go of without the lock.
  std::deque<std::function<void()>> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(jobs_);
    wake_.notify_all();
  }
  dropped.clear();
  std::unique_lock lock(mutex_);
  const std::uint64_t now = now_ns();
  const std::chrono::nanoseconds left(deadline_ns > now ? deadline_ns - now : 0);
  ended_.wait_for(lock, left, [this] { return threads_ == 0; });
  return threads_;
}

void BlockingPool::work() {
  name_this_thread("bp-blocking");
  std::unique_lock lock(mutex_);
  for (;;) {
    if (jobs_.empty()) {
      ++idle_;
      const bool woken = wake_.wait_for(lock, std::chrono::seconds(blocking_idle_s),
                                        [this] { return stopping_ || !jobs_.empty(); });
      --idle_;
      if (!woken || stopping_) {
        break;
      }
      continue;
    }
    std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    job = nullptr;
    lock.lock();
  }
  --threads_;
  ended_.notify_all();
}

}  // namespace host::runtime
