// backplane/kit/token_bucket.hpp - a rate limit in one atomic word (GCRA, ITU-T I.371).
//
//   bp::kit::token_bucket bucket(100, 20);                 // 100 a second, 20 at once
//   if (!bucket.try_take(cx.now_ns())) { ...retry in bucket.wait_ns(cx.now_ns()) }
//
// Since: 1.0. Thread: any, lock-free. Blocks: no. Owns: nothing. Errors: none; values too large are
// as good as the largest. Over any span of t seconds at most burst + per_second * t tokens are
// given, however many threads ask and however their clocks read; what is left is never negative.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace bp::kit {

/// `per_second` tokens flow in, at most `burst` are kept. It begins full. A rate of 0 means no
/// limit at all. Rates above 64 a nanosecond count as that.
class token_bucket {
 public:
  /// Time is counted in these parts, so that rates that do not divide a second come out right. The
  /// clock (nanoseconds since the machine started) may show nine years.
  static constexpr std::uint64_t parts_per_ns = 64;

  token_bucket(std::uint64_t per_second, std::uint64_t burst) noexcept
      : interval_(
            per_second == 0 ? 0 : std::max<std::uint64_t>(1, rounded_up(second_parts, per_second))),
        burst_(burst),
        tolerance_(times(interval_, burst)) {}

  /// Takes `tokens` or nothing.
  [[nodiscard]] bool try_take(std::uint64_t now_ns, std::uint64_t tokens = 1) noexcept {
    if (interval_ == 0 || tokens == 0) {
      return true;
    }
    const std::uint64_t cost = times(interval_, tokens);
    const std::uint64_t now = times(now_ns, parts_per_ns);
    std::uint64_t full_at = full_at_.load(std::memory_order_relaxed);
    for (;;) {
      const std::uint64_t debt = full_at > now ? full_at - now : 0;
      if (debt > tolerance_ || cost > tolerance_ - debt) {
        return false;
      }
      if (full_at_.compare_exchange_weak(full_at, std::max(full_at, now) + cost,
                                         std::memory_order_relaxed)) {
        return true;
      }
    }
  }

  /// How long until `tokens` could be taken; the largest number when that is never.
  [[nodiscard]] std::uint64_t wait_ns(std::uint64_t now_ns,
                                      std::uint64_t tokens = 1) const noexcept {
    const std::uint64_t cost = times(interval_, tokens);
    if (cost == 0) {
      return 0;
    }
    if (cost > tolerance_) {
      return ~std::uint64_t{0};
    }
    const std::uint64_t debt = debt_at(now_ns);
    const std::uint64_t room = tolerance_ - cost;
    return debt > room ? rounded_up(debt - room, parts_per_ns) : 0;
  }

  /// How many could be taken now, between 0 and the burst.
  [[nodiscard]] std::uint64_t available(std::uint64_t now_ns) const noexcept {
    if (interval_ == 0) {
      return ~std::uint64_t{0};
    }
    const std::uint64_t debt = debt_at(now_ns);
    return debt > tolerance_ ? 0 : std::min(burst_, (tolerance_ - debt) / interval_);
  }

 private:
  static constexpr std::uint64_t second_parts = 1'000'000'000 * parts_per_ns;
  static constexpr std::uint64_t most = ~std::uint64_t{0} >> 2U;  // sums of these do not wrap

  static constexpr std::uint64_t rounded_up(std::uint64_t a, std::uint64_t b) noexcept {
    return a / b + (a % b != 0 ? 1 : 0);
  }

  static constexpr std::uint64_t times(std::uint64_t a, std::uint64_t b) noexcept {
    return b != 0 && a > most / b ? most : a * b;
  }

  [[nodiscard]] std::uint64_t debt_at(std::uint64_t now_ns) const noexcept {
    const std::uint64_t now = times(now_ns, parts_per_ns);
    const std::uint64_t full_at = full_at_.load(std::memory_order_relaxed);
    return full_at > now ? full_at - now : 0;
  }

  std::uint64_t interval_;  // parts a token takes to flow in, rounded up: never too many tokens
  std::uint64_t burst_;
  std::uint64_t tolerance_;                // parts the burst takes
  std::atomic<std::uint64_t> full_at_{0};  // when it will be full again
};

}  // namespace bp::kit
