// host/supervisor/member.hpp - one plugin of the manifest over all its lives: load, start, stop,
// each with a deadline.
//
// Owns: the library, the present slot, the state kept between lives. Thread: the control thread;
// status() any.
// Errors: handed to the `done` callbacks, which run on the control thread.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "host/exchange/exchange.hpp"
#include "host/loader/library.hpp"
#include "host/log/sink.hpp"
#include "host/metric/durations.hpp"
#include "host/metric/registry.hpp"
#include "host/runtime/runtime.hpp"
#include "host/slot/slot.hpp"
#include "host/supervisor/backoff.hpp"
#include "host/supervisor/lives.hpp"
#include "host/supervisor/plan.hpp"

namespace host::supervisor {

enum class State : std::uint8_t {
  absent,
  verified,
  loaded,
  created,
  starting,
  running,
  draining,
  stopped,
  backoff,
  quarantined,
  failed
};

[[nodiscard]] std::string_view state_name(State state) noexcept;

// What members share.
struct Environment {
  runtime::Runtime& runtime;
  exchange::Exchange& exchange;
  metric::Registry& metrics;
  log::SpanTable& spans;
  log::Sink& sink;
  std::string data_dir;
  std::string host_name;
  std::string host_version;
  std::function<void(std::function<void()>)> control;  // run on the control thread
};

struct Status {
  std::string id;
  std::string plugin;  // id in the file
  std::string version;
  std::string library;
  State state = State::absent;
  std::string reason;  // of the last change, or the last error
  std::int64_t since_unix_ms = 0;
  std::uint64_t starts = 0;  // lives that began, the first one included
  std::uint64_t restarts = 0;
  std::uint64_t faults = 0;  // handlers that threw, and what the instance reported
  std::uint64_t events = 0;
  metric::DurationCounts turns;
  std::uint64_t waiting = 0;  // events for its next turn
  slot::Holdings holds;
  bool required = true;
  std::string notice;  // what the operator should know of the running instance; mostly empty
};

class Member {
 public:
  using Done = std::function<void(std::optional<error::Error>)>;

  Member(Planned planned, Environment& environment);
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  // Called after a failure that is nobody's answer, once per life.
  void on_fault(std::function<void(error::Error)> handler) { on_fault_ = std::move(handler); }

  // Called with every state from now on.
  void on_state(std::function<void(const LifeChange&)> handler) { on_state_ = std::move(handler); }

  // Load when needed, create, restore, start.
  void start(Done done);

  // Drain (when graceful), save, stop, withdraw, destroy. Never fails to end: what hangs is left
  // behind and named.
  void stop(bool graceful, Done done);

  void set_state(State state, std::string reason);

  [[nodiscard]] State state() const noexcept { return state_; }

  [[nodiscard]] const std::string& id() const noexcept { return planned_.entry.id; }

  [[nodiscard]] const Planned& planned() const noexcept { return planned_; }

  [[nodiscard]] Status status() const;

  [[nodiscard]] Backoff& backoff() noexcept { return backoff_; }

  void count_restart();
  void count_fault();

  // Slots left behind because a handler or job of theirs never returned.
  [[nodiscard]] unsigned hung() const noexcept { return hung_; }

 private:
  [[nodiscard]] error::Result<void> load();
  [[nodiscard]] error::Result<std::string> make_data_dir() const;

  // Empty, or that the mapped library is not the file that is there now.
  [[nodiscard]] std::string file_notice() const;
  void restore_and_start(const Done& done);
  void start_slot(const Done& done);
  void drain(Done done);
  void save(Done done);
  void stop_slot(Done done);
  void bury(Done done);

  // A callback of a slot, moved to the control thread; dropped when that life is over.
  [[nodiscard]] slot::Slot::Done on_control(Done done);
  [[nodiscard]] std::uint64_t deadline_after(manifest::Duration duration) const;

  Planned planned_;
  Environment& environment_;
  log::Logger logger_;
  Backoff backoff_;
  std::optional<loader::Library> library_;
  std::atomic<bool> loaded_{false};  // library_ is there
  std::shared_ptr<slot::Slot> slot_;
  std::vector<std::shared_ptr<slot::Slot>>
      buried_;  // kept: threads of the plugin may still call in
  slot::SavedState saved_;
  mutable std::mutex mutex_;  // what status() reads: slot_, state_ and the counters, written by the
                              // control thread only
  std::function<void(error::Error)> on_fault_;
  std::function<void(const LifeChange&)> on_state_;
  std::vector<Done> waiting_;  // for a stop in progress
  State state_ = State::absent;
  std::string reason_;
  std::int64_t since_unix_ms_ = 0;
  bool created_ = false;  // the present slot's create() succeeded
  std::uint64_t life_ = 0;
  std::uint64_t starts_ = 0;
  std::uint64_t restarts_ = 0;
  std::uint64_t faults_ = 0;
  std::uint64_t events_before_ = 0;  // of earlier lives
  metric::DurationCounts turns_before_;
  unsigned hung_ = 0;
};

}  // namespace host::supervisor
