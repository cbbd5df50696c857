// plugins/transport_ws/edge/outlet.hpp - records of channel ws.out: what another plugin wants sent.
//
// {"connection":1,"text":"..."} or {"topic":"news","base64":"..."}.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "backplane/cpp/error.hpp"

#include "frame/codec.hpp"

namespace transport_ws::edge {

struct Parcel {
  std::uint64_t connection = 0;  // 0: to the topic
  std::string topic;
  frame::Opcode kind = frame::Opcode::Text;
  std::string payload;
};

/// Errors: SCHEMA, INVALID, saying what the record must be.
[[nodiscard]] bp::result<Parcel> read_parcel(std::string_view record);

}  // namespace transport_ws::edge
