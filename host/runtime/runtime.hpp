// host/runtime/runtime.hpp - worker threads, strands, timers and the blocking pool.
//
// Owns: all threads that run plugin code. Thread: any. Errors: the blocking pool's queue may be
// full.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "host/runtime/blocking_pool.hpp"
#include "host/runtime/timer_queue.hpp"

namespace host::runtime {

inline constexpr unsigned replacement_threads_max = 4;

// Nanoseconds of the monotonic clock: the clock of every deadline.
[[nodiscard]] std::uint64_t now_ns() noexcept;

class Runtime;

// Runs one body at a time, on any worker, each time it was scheduled since the last run began.
class Strand : public std::enable_shared_from_this<Strand> {
 public:
  // `body` answers whether there is more to do at once.
  Strand(Runtime& runtime, std::function<bool()> body)
      : runtime_(runtime), body_(std::move(body)) {}

  void schedule();

  [[nodiscard]] bool running() const noexcept {
    return state_.load(std::memory_order_acquire) >= State::running;
  }

 private:
  friend class Runtime;
  enum class State : std::uint8_t { idle, queued, running, running_again };

  void run();

  Runtime& runtime_;
  std::function<bool()> body_;
  std::atomic<State> state_{State::idle};
};

class Runtime {
 public:
  Runtime(unsigned workers, unsigned blocking_threads);
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
  ~Runtime();

  [[nodiscard]] std::shared_ptr<Strand> make_strand(std::function<bool()> body) {
    return std::make_shared<Strand>(*this, std::move(body));
  }

  // Run `task` once on a worker.
  void post(std::function<void()> task);

  [[nodiscard]] TimerQueue& timers() noexcept { return timers_; }

  [[nodiscard]] BlockingPool& blocking() noexcept { return blocking_; }

  // A worker is stuck in a handler that does not return: start another in its place.
  // False when replacement_threads_max is reached.
  bool replace_stuck_worker();

  // Let running bodies end; run nothing more. Threads stuck in a plugin are left behind: answers
  // how many.
  unsigned stop(std::uint64_t deadline_ns);

 private:
  friend class Strand;

  void enqueue(std::shared_ptr<Strand> strand);
  void start_worker();
  void work();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable ended_;
  std::deque<std::shared_ptr<Strand>> ready_;
  std::vector<std::thread> threads_;
  unsigned alive_ = 0;
  unsigned replaced_ = 0;
  unsigned sleeping_ = 0;
  bool stopping_ = false;
  TimerQueue timers_;
  BlockingPool blocking_;
};

}  // namespace host::runtime
