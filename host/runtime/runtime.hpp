// host/runtime/runtime.hpp - worker threads, strands, timers and the blocking pool.
//
// Owns: all threads that run plugin code. Thread: any. Errors: the blocking pool's queue may be
// full.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "host/runtime/blocking_pool.hpp"
#include "host/runtime/scheduler.hpp"
#include "host/runtime/strand.hpp"
#include "host/runtime/timer_queue.hpp"
#include "host/runtime/watchdog.hpp"

namespace host::runtime {

// Looking on for a moment catches the message that comes right after the last. It is short, because
// the kernel likes to wake a worker on its sender's processor, and there a worker that looks on is
// in its sender's way: with 10 us, send() to a sleeping worker took 14 us on two processors, not 5.
inline constexpr std::uint64_t spin_ns_default = 1'000;

// Nanoseconds of the monotonic clock: the clock of every deadline.
[[nodiscard]] std::uint64_t now_ns() noexcept;

class Runtime {
 public:
  struct Options {
    unsigned workers = 1;
    unsigned blocking_threads = 1;
    // How long a worker that found nothing keeps looking before it sleeps.
    std::uint64_t spin_ns = spin_ns_default;
    Watchdog::Options watchdog;
  };

  Runtime(unsigned workers, unsigned blocking_threads);
  explicit Runtime(Options options);
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
  ~Runtime();

  // `name` says whose body it is, an instance's id for instance: the watchdog tells it.
  [[nodiscard]] std::shared_ptr<Strand> make_strand(std::function<bool()> body,
                                                    std::string_view name = "host");

  // Run `task` once on a worker.
  void post(std::function<void()> task);

  [[nodiscard]] TimerQueue& timers() noexcept { return timers_; }

  [[nodiscard]] BlockingPool& blocking() noexcept { return blocking_; }

  // The longest running handler of that name (any, if empty) does not return: start another worker
  // in its place, unless that was done. False when no such handler runs, or
  // replacement_threads_max are at work.
  bool replace_stuck_worker(std::string_view name = {}) { return watchdog_.replace(name); }

  // How often handlers ran beyond the watchdog's deadline, by the name of their strand.
  [[nodiscard]] std::map<std::string, std::uint64_t> overruns() const {
    return watchdog_.overruns();
  }

  struct Load {
    Scheduler::Load workers;
    BlockingPool::Load blocking;
    std::size_t timers = 0;  // that wait
  };

  [[nodiscard]] Load load() { return {scheduler_.load(), blocking_.load(), timers_.size()}; }

  // Let running bodies end; run nothing more. Threads stuck in a plugin are left behind: answers
  // how many.
  unsigned stop(std::uint64_t deadline_ns);

 private:
  [[nodiscard]] const std::string& keep_name(std::string_view name);

  // Kept until the end, so that the watchdog may read the name of a strand that just went. They
  // are as many as there are instances, wires and taps by name.
  std::mutex names_mutex_;
  std::set<std::string, std::less<>> names_;
  const std::string& posted_;
  TimerQueue timers_;
  BlockingPool blocking_;
  Scheduler scheduler_;
  Watchdog watchdog_;
};

}  // namespace host::runtime
