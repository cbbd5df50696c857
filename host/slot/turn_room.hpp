// host/slot/turn_room.hpp - where the events of a turn stand: a room for each thread that runs
// turns.
//
// One turn at a time runs on a thread, so instances need no room of their own, and the one there is
// stays in the core's first cache. Owns: its memory. Thread: its own. Errors: std::bad_alloc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "backplane/abi/event.h"

namespace host::slot {

// Events of one turn: together they fit into a core's first cache, beside what they point to.
inline constexpr std::size_t batch_events_max = 256;

// What an event lends: message `index` of an open batch, or item `index` of the turn.
struct Lent {
  static constexpr std::uint32_t item = ~std::uint32_t{0};
  static constexpr std::uint32_t kept = item - 1;
  static constexpr std::uint32_t nothing = item - 2;
  std::uint32_t batch;
  std::uint32_t index;
};

struct TurnRoom {
  std::array<bp_event, batch_events_max> events;
  std::array<Lent, batch_events_max> lents;  // beside events

  [[nodiscard]] static TurnRoom& of_this_thread() {
    thread_local const std::unique_ptr<TurnRoom> room = std::make_unique<TurnRoom>();
    return *room;
  }
};

}  // namespace host::slot
