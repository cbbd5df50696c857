// plugins/transport_ws/server/arrival.hpp - one connection until it is open.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "server/loop.hpp"

namespace transport_ws::server {

struct Loop::Arrival {
  net::Admission::Ticket ticket;
  std::optional<net::Tcp::endpoint> peer;
  std::string address;  // whose connection it is, as far as that is known
  std::size_t route = 0;
  std::string accepted;  // the 101 answer
  int window_bits = 0;   // that the client can inflate; 0: nothing is compressed
  auth::Evidence evidence;
  std::optional<auth::Principal> principal;
  auth::Census::Place place;
  session::Rejection why = session::Rejection::Request;  // where a refusal says no more
};

/// "127.0.0.1:50000".
[[nodiscard]] std::string address_of(const net::Stream& socket);

}  // namespace transport_ws::server
