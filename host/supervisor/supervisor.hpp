// host/supervisor/supervisor.hpp - keeps every plugin alive as the manifest asks.
//
// Owns: the members and the wires. Thread: the control thread, except statuses(). Errors: the first
// failure of a required plugin, handed to `done`.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/error/error.hpp"
#include "host/supervisor/lives.hpp"
#include "host/supervisor/member.hpp"
#include "host/supervisor/plan.hpp"
#include "host/wire/wire.hpp"

namespace host::supervisor {

class Supervisor {
 public:
  using Done = std::function<void(std::optional<error::Error>)>;

  // `lost`: a required plugin is quarantined or failed for good after the start.
  Supervisor(Plan plan, Environment environment, std::function<void(const std::string& id)> lost);
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Start all in order. `done` gets an error when a required plugin did not start.
  void start(Done done);

  // Stop all in reverse order. Always ends: deadlines bound each step.
  void stop(Done done);

  // The operator's verbs; errors: NOT_FOUND, STATE.
  void restart(const std::string& id, Done done);
  void stop_one(const std::string& id, Done done);
  void start_one(const std::string& id, Done done);
  void clear_quarantine(const std::string& id, Done done);

  [[nodiscard]] std::vector<Status> statuses() const;

  // Told of every state of every instance.
  [[nodiscard]] Lives& lives() noexcept { return lives_; }

  [[nodiscard]] const std::vector<std::shared_ptr<wire::Wire>>& wires() const noexcept {
    return wires_;
  }

  // Instances left behind because they hang.
  [[nodiscard]] unsigned hung() const noexcept;

 private:
  void open_wires(const std::vector<WirePlan>& wires);
  void start_next(std::size_t index, const Done& done);
  void start_failed(std::size_t index, error::Error error, const Done& done);
  void stop_next(std::size_t remaining, const Done& done);
  void faulted(Member& member, const error::Error& error);
  void recover(Member& member, const std::string& reason);
  void start_again(Member& member);
  [[nodiscard]] Member* find(const std::string& id, const Done& done);

  Environment environment_;
  log::Logger logger_;
  std::function<void(const std::string&)> lost_;
  Lives lives_;
  std::vector<std::unique_ptr<Member>> members_;
  std::vector<std::shared_ptr<wire::Wire>> wires_;
  bool stopping_ = false;
};

}  // namespace host::supervisor
