// host/runtime/runtime.cpp - puts scheduler, timers, watchdog and blocking pool together.
#include "host/runtime/runtime.hpp"

#include <chrono>
#include <utility>

namespace host::runtime {

std::uint64_t now_ns() noexcept {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::steady_clock::now().time_since_epoch())
                                        .count());
}

Runtime::Runtime(unsigned workers, unsigned blocking_threads)
    : Runtime(Options{workers, blocking_threads, spin_ns_default, {}}) {}

Runtime::Runtime(Options options)
    : posted_(keep_name("host")),
      blocking_(options.blocking_threads),
      scheduler_({options.workers, options.spin_ns, [this] { watchdog_.begin(); }}),
      watchdog_(scheduler_, timers_, std::move(options.watchdog)) {
  scheduler_.start();
}

Runtime::~Runtime() {
  stop(now_ns());
  scheduler_.join();  // workers use the watchdog, which goes first
}

const std::string& Runtime::keep_name(std::string_view name) {
  const std::lock_guard lock(names_mutex_);
  const auto known = names_.find(name);
  return known != names_.end() ? *known : *names_.emplace(name).first;
}

std::shared_ptr<Strand> Runtime::make_strand(std::function<bool()> body, std::string_view name) {
  return Strand::make(scheduler_, std::move(body), keep_name(name));
}

void Runtime::post(std::function<void()> task) {
  scheduler_.post(std::move(task), posted_);
}

unsigned Runtime::stop(std::uint64_t deadline_ns) {
  timers_.stop();
  const unsigned blocked = blocking_.stop(deadline_ns);
  return scheduler_.stop(deadline_ns) + blocked;
}

}  // namespace host::runtime
