// host/registry/grace.cpp - seats for visitors, and who sits longest.
#include "host/registry/grace.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <new>
#include <thread>

namespace host::registry {

Seat& Grace::seat_for_visitor() noexcept {
  // Each thread begins at a seat of its own: two that ask all the time do not meet.
  std::size_t at = std::hash<std::thread::id>{}(std::this_thread::get_id());
  for (std::size_t tries = 1;; ++tries, ++at) {
    Seat& seat = visitors_[at % visitors_.size()];
    std::uint64_t empty = 0;
    if (seat.since.load(std::memory_order_relaxed) == 0 &&
        seat.since.compare_exchange_strong(empty, clock_.load(std::memory_order_acquire),
                                           std::memory_order_acq_rel, std::memory_order_relaxed)) {
      fence_.light();
      return seat;
    }
    if (tries % visitors_.size() == 0) {
      std::this_thread::yield();  // as many visitors as seats; none stays long
    }
  }
}

void Grace::make_room(std::size_t count) {
  const std::size_t needed = retired_.size() + count;
  if (needed > retired_.capacity()) {
    retired_.reserve(std::max(needed, 2 * retired_.capacity()));
  }
}

void Grace::retire(Retired&& what) noexcept {
  // Whoever reads the new time finds the new table: release, after the change.
  const std::uint64_t now = clock_.load(std::memory_order_relaxed) + 1;
  retired_.push_back({now, std::move(what)});
  clock_.store(now, std::memory_order_release);
}

std::uint64_t Grace::oldest() const noexcept {
  std::uint64_t oldest = std::numeric_limits<std::uint64_t>::max();
  const auto look = [&oldest](const Seat& seat) {
    if (const std::uint64_t since = seat.since.load(std::memory_order_acquire); since != 0) {
      oldest = std::min(oldest, since);
    }
  };
  for (const Seat& seat : visitors_) {
    look(seat);
  }
  for (const Seat* seat : seats_) {
    look(*seat);
  }
  return oldest;
}

std::vector<Grace::Retired> Grace::collect() noexcept {
  std::vector<Retired> free;
  try {
    free.reserve(retired_.size());
  } catch (const std::bad_alloc&) {
    return {};  // later
  }
  if (retired_.empty()) {
    return free;
  }
  // A reader that sat down without being seen here looks only after this, and finds the new table.
  fence_.heavy();
  const std::uint64_t seen = oldest();
  const auto kept = std::ranges::find_if(
      retired_, [seen](const Waiting& waiting) { return waiting.clock > seen; });
  for (auto at = retired_.begin(); at != kept; ++at) {
    free.push_back(std::move(at->what));
  }
  retired_.erase(retired_.begin(), kept);
  return free;
}

}  // namespace host::registry
