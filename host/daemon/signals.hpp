// host/daemon/signals.hpp - SIGTERM, SIGINT and SIGHUP, read by a thread of their own.
//
// The signals stay blocked in every thread from block() to the end of the process: whatever is
// being taken down, they never end it by their default action. Owns: the thread. Thread: block()
// before any other thread is made. Errors: an abort where the system has no descriptor left at the
// start.
#pragma once

#include <functional>
#include <thread>

namespace host::daemon {

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
