// host/runtime/blocking_pool.hpp - a bounded pool for work that waits: files, databases, password
// hashes.
//
// Owns: its threads, started on demand and ended when idle. Thread: any. Errors: a full queue.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace host::runtime {

inline constexpr std::size_t blocking_queue_max = 4096;
inline constexpr unsigned blocking_idle_s = 30;

class BlockingPool {
 public:
  explicit BlockingPool(unsigned threads_max) : threads_max_(threads_max == 0 ? 1 : threads_max) {}

  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;
  ~BlockingPool();

  // False when blocking_queue_max jobs wait already, the pool is stopping, or the system gives it
  // not even one thread.
  [[nodiscard]] bool submit(std::function<void()> job);

  struct Load {
    std::size_t waiting = 0;  // jobs
    unsigned threads = 0;
    unsigned busy = 0;  // threads with a job
  };

  [[nodiscard]] Load load() const;

  // Runs no further job and waits for the running ones until the deadline: answers how many still
  // run.
  unsigned stop(std::uint64_t deadline_ns);

 private:
  void work();
  [[nodiscard]] bool start_thread();

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable ended_;
  std::deque<std::function<void()>> jobs_;
  unsigned threads_max_;
  unsigned threads_ = 0;
  unsigned idle_ = 0;
  bool stopping_ = false;
};

}  // namespace host::runtime
