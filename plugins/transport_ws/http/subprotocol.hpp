// plugins/transport_ws/http/subprotocol.hpp - which protocol two sides speak inside a WebSocket
// connection (RFC 6455 section 1.9).
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "http/message.hpp"

namespace transport_ws::http {

/// The first of `spoken` that the client offers; empty when it offers none, or when none is spoken
/// here (a client that insists then ends the connection by itself). Errors: 400 when the client
/// offers only others.
[[nodiscard]] std::expected<std::string, Refusal> choose_subprotocol(
    const Request& request, const std::vector<std::string>& spoken);

/// May it stand in the header? A token of RFC 9110.
[[nodiscard]] bool is_token(std::string_view text) noexcept;

}  // namespace transport_ws::http
