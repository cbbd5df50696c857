// host/slot/turn_room.hpp - where the events of a turn stand: a room for each thread that runs
// turns.
//
// One turn at a time runs on a thread, so instances need no room of their own, and the one there is
// stays in the core's first cache. Owns: its memory. Thread: its own. Errors: std::bad_alloc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "backplane/abi/event.h"

#include "host/channel/reader.hpp"

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
  // One place more than are filled with messages: for LAGGED before them.
  std::array<bp_event, batch_events_max + 1> events;
  std::array<Lent, batch_events_max + 1> lents;  // beside events

  [[nodiscard]] static TurnRoom& of_this_thread() {
    thread_local const std::unique_ptr<TurnRoom> room = std::make_unique<TurnRoom>();
    return *room;
  }
};

// The part of an event that all messages of an end have in common: its first words.
struct MessageHead {
  std::uint32_t struct_size;
  std::uint16_t type;
  std::uint16_t flags;
  std::uint64_t token;
  std::uint64_t handle;
  std::int32_t status;
  std::uint32_t method;
};

static_assert(sizeof(MessageHead) == offsetof(bp_event, seq));
static_assert(offsetof(MessageHead, token) == offsetof(bp_event, token) &&
              offsetof(MessageHead, status) == offsetof(bp_event, status));

// Every word of an event but the trace, which is only looked at where a flag says so.
inline void fill_message(bp_event& event, const MessageHead& head, std::uint64_t time_ns,
                         bp_lease lease, const channel::Glimpse& glimpse) noexcept {
  std::memcpy(&event, &head, sizeof head);
  event.seq = glimpse.seq;
  event.time_ns = time_ns;
  event.buf.data = glimpse.data;
  event.buf.size = glimpse.size;
  event.buf.capacity = glimpse.size;
  event.buf.lease = lease;
}

[[nodiscard]] inline MessageHead head_of(std::uint64_t token, bp_chan handle) noexcept {
  return {sizeof(bp_event), BP_EV_MESSAGE, 0, token, handle, BP_OK, 0};
}

}  // namespace host::slot
