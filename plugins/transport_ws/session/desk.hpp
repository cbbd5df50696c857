// plugins/transport_ws/session/desk.hpp - what all connections of one io thread share.
#pragma once

#include <span>
#include <string>

#include "net/socket.hpp"
#include "session/counters.hpp"
#include "session/deflation.hpp"

namespace transport_ws::session {

struct Desk {
  asio::io_context& context;
  std::span<char> scratch;  // reads go here first
  Counters& counters;
  std::string& replies;            // frames made while one read is handled; empty between reads
  Deflation* deflation = nullptr;  // null: no connection of this desk compresses
};

}  // namespace transport_ws::session
