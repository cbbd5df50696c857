// backplane/kit/token_bucket.hpp - a rate limit in one atomic word (GCRA, ITU-T I.371).
#pragma once

#include <atomic>
#include <cstdint>

namespace bp::kit {

/// `per_second` tokens flow in, at most `burst` are kept. Thread: any, lock-free.
class token_bucket {
 public:
  token_bucket(std::uint64_t per_second, std::uint64_t burst) noexcept
      : interval_ns_(per_second == 0 ? 0 : 1'000'000'000 / per_second),
        tolerance_ns_(interval_ns_ * burst) {}

  /// Takes `tokens` or nothing. A rate of 0 lets everything pass; time must not run backwards.
  [[nodiscard]] bool try_take(std::uint64_t now_ns, std::uint64_t tokens = 1) noexcept {
    const std::uint64_t cost_ns = interval_ns_ * tokens;
    std::uint64_t full_at_ns = full_at_ns_.load(std::memory_order_relaxed);
    for (;;) {
      const std::uint64_t base_ns = full_at_ns > now_ns ? full_at_ns : now_ns;
      if (base_ns + cost_ns - now_ns > tolerance_ns_) {
        return interval_ns_ == 0;
      }
      if (full_at_ns_.compare_exchange_weak(full_at_ns, base_ns + cost_ns,
                                            std::memory_order_relaxed)) {
        return true;
      }
    }
  }

  /// How long until `tokens` could be taken.
  [[nodiscard]] std::uint64_t wait_ns(std::uint64_t now_ns,
                                      std::uint64_t tokens = 1) const noexcept {
    const std::uint64_t full_at_ns = full_at_ns_.load(std::memory_order_relaxed);
    const std::uint64_t base_ns = full_at_ns > now_ns ? full_at_ns : now_ns;
    const std::uint64_t needed_ns = base_ns + interval_ns_ * tokens;
    return needed_ns > now_ns + tolerance_ns_ ? needed_ns - now_ns - tolerance_ns_ : 0;
  }

 private:
  std::uint64_t interval_ns_;
  std::uint64_t tolerance_ns_;
  std::atomic<std::uint64_t> full_at_ns_{0};
};

}  // namespace bp::kit
