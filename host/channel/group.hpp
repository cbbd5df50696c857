// host/channel/group.hpp - consumers that share messages among themselves: each message goes to
// one.
//
// A queue has at least one group, of which each gets every message; a broadcast has one for each
// subscriber.
//
// Owns: its places in the lanes, and what was handed back. Thread: any. Errors: none.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "host/channel/letter.hpp"
#include "host/channel/reader.hpp"

namespace host::channel {

struct Group {
  Group(bool queue, std::uint64_t capacity) : reader(queue, capacity) {}

  Reader reader;
  std::atomic<std::size_t> again_count{0};

  // Under the channel's lock.
  std::deque<Envelope> again;  // handed back by nack, or left by a consumer
  std::string name;            // of a queue's; empty: the default group
  std::uint32_t members = 0;
  bool begun = false;    // if not, it keeps messages for the first group that begins
  bool lasting = false;  // goes on without members
  bool over = false;     // what its consumers hand back is not delivered again
};

}  // namespace host::channel
