// tests/stress/traffic/scene.hpp - what all players of one run share: channels, ledger, findings.
//
// Owns: everything in it. Thread: any. Errors: findings.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/stress/crew.hpp"
#include "tests/stress/traffic/ledger.hpp"

namespace stress {

inline constexpr std::size_t players = 8;

struct ChannelPlan {
  std::string_view name;
  std::uint32_t kind;
  std::uint32_t capacity;
  std::uint32_t on_full;
};

inline constexpr std::array<ChannelPlan, channels> channel_plans{
    {{"traffic.block", BP_KIND_QUEUE, 256, BP_FULL_BLOCK},
     {"traffic.small", BP_KIND_QUEUE, 8, BP_FULL_BLOCK},
     {"traffic.reject", BP_KIND_QUEUE, 64, BP_FULL_REJECT},
     {"traffic.newest", BP_KIND_QUEUE, 64, BP_FULL_DROP_NEWEST},
     {"traffic.oldest", BP_KIND_QUEUE, 64, BP_FULL_DROP_OLDEST},
     {"traffic.news", BP_KIND_BROADCAST, 128, 0},
     {"traffic.gated", BP_KIND_BROADCAST, 32, 0}}};

struct Scene {
  Scene(std::uint64_t its_seed, std::uint64_t tickets_max) : seed(its_seed), ledger(tickets_max) {}

  const std::uint64_t seed;
  Ledger ledger;
  std::atomic<bool> calm{false};          // nothing new is begun
  std::atomic<std::uint64_t> pace_ns{0};  // pause of an own thread after each step
  std::atomic<std::uint64_t> lives{0};
  std::atomic<std::uint32_t> sending_ends{0};

  // How much was done.
  std::atomic<std::uint64_t> opened{0};
  std::atomic<std::uint64_t> calls{0};
  std::atomic<std::uint64_t> replies{0};
  std::atomic<std::uint64_t> calls_cancelled{0};
  std::atomic<std::uint64_t> calls_given_up_by_stop{0};
  std::atomic<std::uint64_t> confirmed{0};
  std::atomic<std::uint64_t> heard{0};         // of broadcasts
  std::atomic<std::uint64_t> missed{0};        // of broadcasts, as told by LAGGED
  std::atomic<std::uint64_t> open_answers{0};  // calls and confirmed sends that nothing came for

  void found(const std::string& what, std::int64_t number = 0) {
    const std::lock_guard lock(mutex_);
    if (++count_ <= 20) {
      findings_ += what + ": " + std::to_string(number) + "\n";
    }
  }

  [[nodiscard]] std::string findings() {
    const std::lock_guard lock(mutex_);
    return findings_;
  }

 private:
  std::mutex mutex_;
  std::uint64_t count_ = 0;
  std::string findings_;
};

// Things that either thread of a player may take.
template <typename Thing>
class Bag {
 public:
  void put(Thing thing) {
    const std::lock_guard lock(mutex_);
    things_.push_back(std::move(thing));
  }

  [[nodiscard]] bool take(Chance& chance, Thing& out) {
    const std::lock_guard lock(mutex_);
    if (things_.empty()) {
      return false;
    }
    std::swap(things_[chance.below(things_.size())], things_.back());
    out = std::move(things_.back());
    things_.pop_back();
    return true;
  }

  [[nodiscard]] std::size_t size() {
    const std::lock_guard lock(mutex_);
    return things_.size();
  }

 private:
  std::mutex mutex_;
  std::vector<Thing> things_;
};

}  // namespace stress
