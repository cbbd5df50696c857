// host/channel/letter.hpp - a message with everything that may travel beside its payload.
//
// Owns: a reference to the message's block. Thread: a value; a Letter is shared by the readers of
// one record. Errors: none.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "host/channel/confirmation.hpp"
#include "host/message/pool.hpp"

namespace host::channel {

struct Envelope {
  message::Message message;
  std::uint64_t seq = 0;
  std::uint32_t attempts = 0;
  std::shared_ptr<Confirmation> confirmation;
};

// What a lane's record points to when the payload does not lie in the record itself: it is large,
// traced, confirmed, or forwarded without a copy.
struct Letter {
  Envelope envelope;
  std::atomic<std::uint32_t> readers{0};  // that have not passed it; the last one empties it
  std::size_t bytes = 0;                  // of the message: what it counts in its lane
};

}  // namespace host::channel
