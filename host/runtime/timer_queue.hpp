// host/runtime/timer_queue.hpp - timers on one thread that sleeps until the next is due.
//
// Owns: its thread. Thread: any. Errors: none; callbacks must be short and must not throw.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

namespace host::runtime {

class TimerQueue {
 public:
  using Id = std::uint64_t;  // never reused; 0 is no timer

  TimerQueue();
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;
  ~TimerQueue();

  // Call `fire` at `at_ns`, then each `every_ns` (0: once). Expirations missed meanwhile are
  // merged: `fire` gets how many. Runs on the timer thread: hand on real work.
  Id add(std::uint64_t at_ns, std::uint64_t every_ns, std::function<void(std::uint64_t)> fire);

  // False when it is gone already. It may be firing at this very moment on the timer thread.
  bool cancel(Id id);

  void stop();

 private:
  struct Entry {
    std::uint64_t every_ns;
    std::function<void(std::uint64_t)> fire;
    std::multimap<std::uint64_t, Id>::iterator place;
  };

  void run();
  void fire_due(std::unique_lock<std::mutex>& lock, std::uint64_t now);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<std::uint64_t, Id> by_time_;
  std::unordered_map<Id, Entry> entries_;
  Id next_id_ = 1;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace host::runtime
