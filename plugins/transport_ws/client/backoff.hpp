// plugins/transport_ws/client/backoff.hpp - how long to wait before the next try: doubling,
// bounded, full jitter.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>

#include "limits.hpp"

namespace transport_ws::client {

struct BackoffSettings {
  std::uint32_t initial_ms = backoff_initial_ms;
  std::uint32_t max_ms = backoff_max_ms;
  std::uint32_t retries_max = 0;  // 0: for ever
};

/// Thread: one at a time.
class Backoff {
 public:
  explicit Backoff(const BackoffSettings& settings)
      : settings_(settings), random_(std::random_device{}()) {}

  /// The wait before the next try, anywhere from 0 to the bound of this round; none when all were
  /// used.
  [[nodiscard]] std::optional<std::uint32_t> next_ms() {
    if (settings_.retries_max != 0 && tries_ >= settings_.retries_max) {
      return std::nullopt;
    }
    const std::uint32_t doublings = std::min(tries_, doublings_max);
    const std::uint64_t bound =
        std::min<std::uint64_t>(std::uint64_t{settings_.initial_ms} << doublings, settings_.max_ms);
    ++tries_;
    return std::uniform_int_distribution<std::uint32_t>(0,
                                                        static_cast<std::uint32_t>(bound))(random_);
  }

  /// A connection stood: the next failure begins with the shortest wait again.
  void reset() noexcept { tries_ = 0; }

  /// Since the last reset.
  [[nodiscard]] std::uint32_t tries() const noexcept { return tries_; }

 private:
  static constexpr std::uint32_t doublings_max = 31;

  BackoffSettings settings_;
  std::minstd_rand random_;
  std::uint32_t tries_ = 0;
};

}  // namespace transport_ws::client
