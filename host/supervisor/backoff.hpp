// host/supervisor/backoff.hpp - when a failed instance may start again, and when not any more.
//
// Owns: the times of recent restarts. Thread: its user's. Errors: an empty answer means quarantine.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <random>

#include "host/manifest/manifest.hpp"

namespace host::supervisor {

class Backoff {
 public:
  explicit Backoff(const manifest::Restart& policy)
      : policy_(policy), random_(std::random_device{}()) {}

  // A failure at `now_ns`: the delay before the next start, or nothing when there were more than
  // max_restarts within the window.
  [[nodiscard]] std::optional<std::uint64_t> next_delay_ns(std::uint64_t now_ns);

  // The operator starts afresh.
  void clear() { restarts_.clear(); }

 private:
  manifest::Restart policy_;
  std::deque<std::uint64_t> restarts_;
  std::mt19937_64 random_;
};

}  // namespace host::supervisor
