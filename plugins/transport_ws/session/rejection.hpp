// plugins/transport_ws/session/rejection.hpp - why a connection never became a WebSocket
// connection.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace transport_ws::session {

enum class Rejection : std::uint8_t {
  Connections,  // limits.connections
  Address,      // limits.connections_per_ip
  Rate,         // limits.accept_per_s
  Principal,    // limits.per_principal
  Timeout,      // limits.handshake
  HungUp,       // the other side went before it was through
  Tls,          // no TLS, another version, a certificate that is missing or wrong
  Request,      // no valid request for this listener
  Origin,       // a web page that is not listed
  Credentials,  // refused
  Undecided,    // nobody could decide
  Forbidden     // its lists do not lead to this route
};

/// The label "reason" of the metric, by the number of the rejection.
inline constexpr std::array<std::string_view, 12> rejection_names = {
    "connections", "address", "rate",   "principal",   "timeout",   "hung_up",
    "tls",         "request", "origin", "credentials", "undecided", "forbidden"};

static_assert(static_cast<std::size_t>(Rejection::Forbidden) + 1 == rejection_names.size());

}  // namespace transport_ws::session
