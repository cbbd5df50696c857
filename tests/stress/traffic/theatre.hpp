// tests/stress/traffic/theatre.hpp - eight players under one host: begun, restarted, brought to
// rest, and asked whether everything that was accepted was handled.
//
// Owns: the host and the scene. Thread: one. Errors: std::runtime_error; report().
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "tests/stress/traffic/player.hpp"

namespace stress {

class Theatre {
 public:
  // Beyond `tickets_max` messages are counted, but not followed one by one.
  Theatre(std::uint64_t seed, std::uint64_t tickets_max);

  [[nodiscard]] Scene& scene() noexcept { return scene_; }

  [[nodiscard]] Crew& crew() noexcept { return crew_; }

  // STOP and START of one of them.
  void restart_one();

  // Ends what is begun, waits until everything was handled. Answers what is wrong; empty: nothing.
  [[nodiscard]] std::string rest();

  [[nodiscard]] std::uint64_t restarts() const noexcept { return restarts_; }

  // What happened, in numbers.
  [[nodiscard]] std::string report();

 private:
  [[nodiscard]] std::string id(std::size_t number) const {
    return "player" + std::to_string(number);
  }

  void tell_all(std::uint64_t token);
  [[nodiscard]] std::uint64_t given_up_by_policy() const;
  [[nodiscard]] std::string unsettled();
  [[nodiscard]] std::string held();

  Scene scene_;
  Chance chance_;
  Crew crew_{2};
  std::uint64_t restarts_ = 0;
};

}  // namespace stress
