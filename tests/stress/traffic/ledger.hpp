// tests/stress/traffic/ledger.hpp - which messages were accepted, and how often each was handled.
//
// Owns: two counters a message, the totals of a channel. Thread: any. Errors: none.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace stress {

inline constexpr std::size_t queues = 5;
inline constexpr std::size_t broadcasts = 2;
inline constexpr std::size_t channels = queues + broadcasts;

class Ledger {
 public:
  // Beyond so many messages only totals are kept.
  explicit Ledger(std::uint64_t tickets_max)
      : tickets_max_(tickets_max),
        entries_(std::make_unique<std::atomic<std::uint8_t>[]>(tickets_max)) {}

  // 0: not followed.
  [[nodiscard]] std::uint64_t issue() {
    const std::uint64_t ticket = issued_.fetch_add(1, std::memory_order_relaxed) + 1;
    return ticket < tickets_max_ ? ticket : 0;
  }

  // Before it can arrive; take_back() when it was not accepted after all.
  void accepted(std::uint64_t ticket, std::size_t channel) {
    accepted_[channel].fetch_add(1, std::memory_order_relaxed);
    change(ticket, 1);
  }

  void take_back(std::uint64_t ticket, std::size_t channel) {
    accepted_[channel].fetch_sub(1, std::memory_order_relaxed);
    change(ticket, 0xff);
  }

  void handled(std::uint64_t ticket, std::size_t channel) {
    handled_[channel].fetch_add(1, std::memory_order_relaxed);
    change(ticket, handled_once);
  }

  [[nodiscard]] std::uint64_t accepted_of(std::size_t channel) const {
    return accepted_[channel].load(std::memory_order_relaxed);
  }

  [[nodiscard]] std::uint64_t handled_of(std::size_t channel) const {
    return handled_[channel].load(std::memory_order_relaxed);
  }

  struct Balance {
    std::uint64_t followed = 0;
    std::uint64_t unhandled = 0;  // accepted and never handled
    std::uint64_t twice = 0;      // handled more often than accepted
  };

  [[nodiscard]] Balance balance() const {
    Balance sum;
    const std::uint64_t end = std::min(issued_.load() + 1, tickets_max_);
    for (std::uint64_t ticket = 1; ticket < end; ++ticket) {
      const std::uint8_t entry = entries_[ticket].load(std::memory_order_relaxed);
      const unsigned accepts = entry % handled_once;
      const unsigned handles = entry / handled_once;
      ++sum.followed;
      sum.unhandled += accepts > handles ? accepts - handles : 0;
      sum.twice += handles > accepts ? handles - accepts : 0;
    }
    return sum;
  }

 private:
  static constexpr std::uint8_t handled_once = 16;

  void change(std::uint64_t ticket, std::uint8_t by) {
    if (ticket != 0) {
      entries_[ticket].fetch_add(by, std::memory_order_relaxed);
    }
  }

  const std::uint64_t tickets_max_;
  std::unique_ptr<std::atomic<std::uint8_t>[]> entries_;
  std::atomic<std::uint64_t> issued_{0};
  std::array<std::atomic<std::uint64_t>, channels> accepted_{};
  std::array<std::atomic<std::uint64_t>, channels> handled_{};
};

}  // namespace stress
