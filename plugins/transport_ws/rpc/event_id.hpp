// plugins/transport_ws/rpc/event_id.hpp - ids for events that come without one: UUIDs of version 7
// (RFC 9562), so they sort by time.
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace transport_ws::rpc {

/// Thread: one at a time.
class EventIds {
 public:
  EventIds();

  /// Ids of one generator are unique and ascend, also within a millisecond.
  [[nodiscard]] std::string next();

 private:
  std::mt19937_64 random_;
  std::uint64_t last_ms_ = 0;
  std::uint32_t count_ = 0;
};

}  // namespace transport_ws::rpc
