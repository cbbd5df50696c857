// host/daemon/signals.hpp - SIGTERM, SIGINT and SIGHUP, read by a thread of their own.
//
// The signals stay blocked in every thread from block() to the end of the process: whatever is
// being taken down, they never end it by their default action. Owns: the thread. Thread: block()
// before any other thread is made. Errors: an abort where the system has no descriptor left at the
// start.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <thread>

namespace host::daemon {

// What a SIGTERM or SIGINT asks for. A terminal, a shell and `timeout` may each send one for the
// same wish, so those that come together are one request. Thread: one at a time.
class StopRequests {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class Meaning { Stop, Same, LeaveNow };

  static constexpr std::chrono::seconds one_request{1};

  // `stopping`: the host stops already, for whatever reason.
  [[nodiscard]] Meaning take(Time now, bool stopping);

 private:
  std::optional<Time> first_;
};

class Signals {
 public:
  static void block();

  // One that arrived and that nobody has read.
  [[nodiscard]] static bool pending();

  // `on_signal` runs on the thread of this object.
  explicit Signals(std::function<void(int signal)> on_signal);
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Returns when a running `on_signal` has returned.
  ~Signals();

 private:
  void read();

  std::function<void(int)> on_signal_;
  int signals_ = -1;  // a signalfd
  int end_ = -1;      // an eventfd
  std::thread thread_;
};

}  // namespace host::daemon
