// plugins/transport_ws/http/extension.hpp - agreeing on permessage-deflate in the handshake (RFC
// 7692 section 7.1).
#pragma once

#include <optional>
#include <string>

#include "http/message.hpp"

namespace transport_ws::http {

struct Deflate {
  int window_bits;     // with which the client can inflate
  std::string answer;  // the value of Sec-WebSocket-Extensions in the 101 answer
};

/// The first offer of permessage-deflate that can be taken; none: nothing is compressed. Neither
/// side keeps its context from message to message, whatever the client offers. An offer with an
/// unknown, repeated or malformed parameter, or with a window of 8 bits to compress with, is passed
/// over.
[[nodiscard]] std::optional<Deflate> choose_deflate(const Request& request);

}  // namespace transport_ws::http
