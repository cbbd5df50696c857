// host/runtime/watchdog.hpp - names the handler that does not return and puts another thread there.
//
// Owns: what it knows of each worker. Thread: any; it looks on the timer thread. Errors: none.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "host/runtime/scheduler.hpp"
#include "host/runtime/timer_queue.hpp"

namespace host::runtime {

inline constexpr std::uint64_t handler_deadline_ns_default = 5'000'000'000;

// A handler that ran beyond the deadline.
struct Overrun {
  std::string_view name;  // the strand's
  std::uint64_t ran_ns = 0;
  bool replaced = false;  // another thread runs in place of its thread
};

// Workers read no clock for it: they count their batches, and who is found in the same batch twice
// has run at least from the first look to the second. It looks every look_ns_min while handlers
// run, less and less often while none does, and not at all while all workers sleep. A handler that
// is seen at two looks also loses what it scheduled last to an idle worker.
class Watchdog {
 public:
  static constexpr std::uint64_t look_ns_min = 10'000'000;
  static constexpr std::uint64_t look_ns_max = 640'000'000;

  struct Options {
    std::uint64_t handler_deadline_ns = handler_deadline_ns_default;
    // Called on the timer thread once for each overrun, and once when that handler returned.
    std::function<void(const Overrun&)> on_stuck;
    std::function<void(const Overrun&)> on_returned;
  };

  Watchdog(Scheduler& scheduler, TimerQueue& timers, Options options);

  // A worker begins to work while nobody watches.
  void begin();

  // The longest running handler of that name (any, if empty) has another thread in its place after
  // this call or before.
  bool replace(std::string_view name);

  // Overruns so far, by the name of the strand.
  [[nodiscard]] std::map<std::string, std::uint64_t> overruns() const;

 private:
  struct Seen {
    std::uint64_t batch = 0;  // even: nothing runs
    std::uint64_t since_ns = 0;
    const std::string* name = nullptr;
    bool reported = false;
    bool replaced = false;
  };

  void look();
  void look_at(std::size_t place, std::uint64_t now, std::vector<Overrun>& stuck,
               std::vector<Overrun>& returned);
  void look_again();

  Scheduler& scheduler_;
  TimerQueue& timers_;
  const Options options_;
  const std::uint64_t look_ns_min_;
  const std::uint64_t look_ns_max_;
  mutable std::mutex mutex_;
  std::vector<Seen> seen_;
  std::map<std::string, std::uint64_t> overruns_;
  std::uint64_t look_ns_ = 0;
  bool running_ = false;  // a handler that is not reported yet
  bool changed_ = false;  // a batch began or ended since the last look
};

}  // namespace host::runtime
