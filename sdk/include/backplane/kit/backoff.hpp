// backplane/kit/backoff.hpp - how long to wait before the next try: exponential, with full jitter.
//
//   bp::kit::backoff backoff(100ms, 30s, std::random_device()());
//   while (!co_await try_it()) co_await cx.sleep(backoff.next());
//
// Since: 1.0. Thread: one at a time. Blocks: no. Owns: nothing. Errors: none. The same seed gives
// the same delays: tests pass a number, plugins something random.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace bp::kit {

/// A delay is drawn evenly from [0, min(cap, first * 2^tries)]: many clients that failed together
/// do not come back together.
class backoff {
 public:
  backoff(std::chrono::nanoseconds first, std::chrono::nanoseconds cap, std::uint64_t seed) noexcept
      : first_(std::max(first, std::chrono::nanoseconds(1))),
        cap_(std::max(cap, first_)),
        state_(seed) {}

  /// The delay before the next try; the try after it waits longer.
  [[nodiscard]] std::chrono::nanoseconds next() noexcept {
    const std::chrono::nanoseconds most = ceiling();
    ++tries_;
    const auto span = static_cast<std::uint64_t>(most.count()) + 1;
    return std::chrono::nanoseconds(static_cast<std::int64_t>(random() % span));
  }

  /// The longest that next() can answer now.
  [[nodiscard]] std::chrono::nanoseconds ceiling() const noexcept {
    const bool above = tries_ >= 62 || first_.count() > (cap_.count() >> tries_);
    return above ? cap_ : std::chrono::nanoseconds(first_.count() << tries_);
  }

  /// It worked: begin anew.
  void reset() noexcept { tries_ = 0; }

  [[nodiscard]] std::uint32_t tries() const noexcept { return tries_; }

 private:
  /// splitmix64 (Steele, Lea, Flood 2014).
  std::uint64_t random() noexcept {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }

  std::chrono::nanoseconds first_;
  std::chrono::nanoseconds cap_;
  std::uint64_t state_;
  std::uint32_t tries_ = 0;
};

}  // namespace bp::kit
