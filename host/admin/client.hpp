// host/admin/client.hpp - a blocking client of the control socket, for the command line.
//
// Owns: one connection a request. Thread: its caller's. Errors: UNAVAILABLE when no host listens
// there.
#pragma once

#include <functional>
#include <string>

#include "host/error/error.hpp"

namespace host::admin {

struct ClientReply {
  unsigned status = 0;
  std::string body;
};

// `on_line` is called for each line of a streamed answer until it answers false.
[[nodiscard]] error::Result<ClientReply> request(
    const std::string& socket_path, const std::string& method, const std::string& target,
    const std::string& body, const std::function<bool(std::string_view)>& on_line = {});

// For the parts of a target.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace host::admin
