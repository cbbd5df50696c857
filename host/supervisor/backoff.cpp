// host/supervisor/backoff.cpp - at once, then `initial`, growing by `factor`, with full jitter
// (delay drawn evenly from 0 to the bound: so that a crowd does not come back in step).
#include "host/supervisor/backoff.hpp"

#include <algorithm>
#include <cmath>

namespace host::supervisor {

std::optional<std::uint64_t> Backoff::next_delay_ns(std::uint64_t now_ns) {
  const auto window = static_cast<std::uint64_t>(std::chrono::nanoseconds(policy_.window).count());
  while (!restarts_.empty() && restarts_.front() + window < now_ns) {
    restarts_.pop_front();
  }
  if (restarts_.size() >= policy_.max_restarts) {
    return std::nullopt;
  }
  const std::size_t count = restarts_.size();
  restarts_.push_back(now_ns);
  if (count == 0) {
    return 0;
  }
  const auto initial = static_cast<double>(std::chrono::nanoseconds(policy_.initial).count());
  const auto max = static_cast<double>(std::chrono::nanoseconds(policy_.max).count());
  const double bound =
      std::min(max, initial * std::pow(policy_.factor, static_cast<double>(count - 1)));
  if (policy_.jitter == manifest::Jitter::None) {
    return static_cast<std::uint64_t>(bound);
  }
  return static_cast<std::uint64_t>(std::uniform_real_distribution<double>(0.0, bound)(random_));
}

}  // namespace host::supervisor
