// tests/stress/misuse/field.hpp - what all attackers of one run share: the count, what was found,
// and the handles that they show each other.
//
// Owns: everything in it. Thread: any. Errors: findings.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "tests/stress/crew.hpp"

namespace stress {

inline constexpr std::size_t attackers = 3;

// Handles for others to try; the oldest give way.
class Museum {
 public:
  void put(bp_handle handle) {
    if (handle != 0) {
      pieces_[next_.fetch_add(1, std::memory_order_relaxed) % pieces_.size()].store(
          handle, std::memory_order_relaxed);
    }
  }

  [[nodiscard]] bp_handle pick(Chance& chance) const {
    return pieces_[chance.below(pieces_.size())].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<bp_handle>, 1'024> pieces_{};
  std::atomic<std::uint64_t> next_{0};
};

struct Field {
  std::uint64_t seed = 0;
  std::atomic<std::uint64_t> misuses{0};
  std::atomic<std::uint64_t> uses{0};
  std::atomic<std::uint64_t> messages{0};
  std::atomic<std::uint64_t> lives{0};
  std::atomic<unsigned> calmed{0};  // attackers that do nothing any more
  std::atomic<bool> calm{false};    // no attack begins any more

  Museum dead;                         // given up, by whomever
  std::array<Museum, attackers> made;  // lately, by each attacker

  // Of the round trips at the end.
  std::atomic<std::uint64_t> arrived{0};
  std::atomic<std::uint64_t> answered{0};
  std::atomic<std::uint64_t> refused{0};

  void found(const std::string& what, std::int64_t status) {
    const std::lock_guard lock(mutex_);
    if (++finding_count_ <= 20) {
      findings_ += what + ": " + std::to_string(status) + "\n";
    }
  }

  // Empty: nothing was found.
  [[nodiscard]] std::string findings() {
    const std::lock_guard lock(mutex_);
    return findings_;
  }

 private:
  std::mutex mutex_;
  std::uint64_t finding_count_ = 0;
  std::string findings_;
};

}  // namespace stress
