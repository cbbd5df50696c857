// host/registry/grace.hpp - readers that take no lock, and when what they may still see is freed.
//
// A reader sits down before it looks and gets up afterwards; both are a store to a cache line of
// its own. What writers take out of a table is retired, with the time on the clock, and freed once
// everyone who sat there at that time has left.
//
// Owns: what is retired. Thread: sit, get_up and Visit any; one thread at a time per seat; the rest
// under the writers' lock. Errors: none. Nobody waits for readers: what they hold up is freed by a
// later collect().
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "host/runtime/asymmetric_fence.hpp"

namespace host::registry {

inline constexpr std::size_t visitor_seats = 16;

// Two lines: processors fetch the neighbour of a line along with it.
struct alignas(128) Seat {
  std::atomic<std::uint64_t> since{0};  // the clock when its reader sat down; 0: empty
};

class Grace {
 public:
  using Retired = std::unique_ptr<void, void (*)(void*)>;

  Grace() = default;
  Grace(const Grace&) = delete;
  Grace& operator=(const Grace&) = delete;

  void sit(Seat& seat) const noexcept {
    // Release: whoever reads it knows that this reader's former visits are over.
    seat.since.store(clock_.load(std::memory_order_acquire), std::memory_order_release);
    fence_.light();
  }

  static void get_up(Seat& seat) noexcept { seat.since.store(0, std::memory_order_release); }

  // For callers without a seat of their own: takes one that is free.
  class Visit {
   public:
    explicit Visit(Grace& grace) noexcept : seat_(grace.seat_for_visitor()) {}

    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

    ~Visit() { get_up(seat_); }

   private:
    Seat& seat_;
  };

  // ---- under the writers' lock

  void add(const Seat& seat) { seats_.push_back(&seat); }

  void remove(const Seat& seat) noexcept { std::erase(seats_, &seat); }

  // Before anything is taken out, so that a lack of memory changes nothing.
  void make_room(std::size_t count);

  // After it was taken out of what readers find, and after make_room().
  void retire(Retired&& what) noexcept;

  // What nobody sees any more: to be destroyed without the lock.
  [[nodiscard]] std::vector<Retired> collect() noexcept;

  [[nodiscard]] std::size_t waiting() const noexcept { return retired_.size(); }

 private:
  struct Waiting {
    std::uint64_t clock;
    Retired what;
  };

  [[nodiscard]] Seat& seat_for_visitor() noexcept;
  [[nodiscard]] std::uint64_t oldest() const noexcept;

  alignas(64) std::atomic<std::uint64_t> clock_{1};  // ticks with each retirement
  runtime::AsymmetricFence fence_;
  std::array<Seat, visitor_seats> visitors_;
  std::vector<const Seat*> seats_;
  std::vector<Waiting> retired_;  // oldest first
};

}  // namespace host::registry
