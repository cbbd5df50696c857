// host/runtime/runtime.cpp - a run queue of strands served by worker threads that sleep when idle.
#include "host/runtime/runtime.hpp"

#include <algorithm>
#include <chrono>

#include "host/runtime/thread_name.hpp"

namespace host::runtime {

std::uint64_t now_ns() noexcept {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::steady_clock::now().time_since_epoch())
                                        .count());
}

void Strand::schedule() {
  State seen = state_.load(std::memory_order_acquire);
  for (;;) {
    State wanted = State::queued;
    if (seen == State::queued || seen == State::running_again) {
      // Already on its way; the exchange below still publishes what was written before this call.
      wanted = seen;
    } else if (seen == State::running) {
      wanted = State::running_again;
    }
    if (state_.compare_exchange_weak(seen, wanted, std::memory_order_acq_rel)) {
      break;
    }
  }
  if (seen == State::idle) {
    runtime_.enqueue(shared_from_this());
  }
}

void Strand::run() {
  state_.store(State::running, std::memory_order_release);
  const bool more = body_();
  State expected = State::running;
  if (!more && state_.compare_exchange_strong(expected, State::idle, std::memory_order_acq_rel)) {
    return;
  }
  // Back to the end of the queue: one busy instance does not starve the others.
  state_.store(State::queued, std::memory_order_release);
  runtime_.enqueue(shared_from_this());
}

Runtime::Runtime(unsigned workers, unsigned blocking_threads) : blocking_(blocking_threads) {
  const std::lock_guard lock(mutex_);
  for (unsigned i = 0; i < std::max(1U, workers); ++i) {
    start_worker();
  }
}

Runtime::~Runtime() {
  stop(now_ns());
  for (std::thread& thread : threads_) {
    thread.join();  // a daemon with a stuck thread leaves by _exit and never comes here
  }
}

void Runtime::start_worker() {
  ++alive_;
  threads_.emplace_back([this] { work(); });
}

void Runtime::post(std::function<void()> task) {
  auto strand = make_strand([task = std::move(task)] {
    task();
    return false;
  });
  strand->schedule();
}

void Runtime::enqueue(std::shared_ptr<Strand> strand) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      return;
    }
    ready_.push_back(std::move(strand));
    wake = sleeping_ > 0;
  }
  if (wake) {
    wake_.notify_one();
  }
}

void Runtime::work() {
  name_this_thread("bp-worker");
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stopping_) {
      break;
    }
    if (ready_.empty()) {
      ++sleeping_;
      wake_.wait(lock, [this] { return stopping_ || !ready_.empty(); });
      --sleeping_;
      continue;
    }
    const std::shared_ptr<Strand> strand = std::move(ready_.front());
    ready_.pop_front();
    lock.unlock();
    strand->run();
    lock.lock();
  }
  --alive_;
  ended_.notify_all();
}

bool Runtime::replace_stuck_worker() {
  const std::lock_guard lock(mutex_);
  if (stopping_ || replaced_ >= replacement_threads_max) {
    return false;
  }
  ++replaced_;
  start_worker();
  return true;
}

unsigned Runtime::stop(std::uint64_t deadline_ns) {
  timers_.stop();
  const unsigned blocked = blocking_.stop(deadline_ns);
  std::unique_lock lock(mutex_);
  stopping_ = true;
  ready_.clear();
  wake_.notify_all();
  const std::uint64_t now = now_ns();
  const std::chrono::nanoseconds left(deadline_ns > now ? deadline_ns - now : 0);
  ended_.wait_for(lock, left, [this] { return alive_ == 0; });
  return alive_ + blocked;
}

}  // namespace host::runtime
