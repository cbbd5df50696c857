// plugins/transport_ws/client/url.hpp - ws:// addresses.
#pragma once

#include <string>

#include "backplane/cpp/error.hpp"

namespace transport_ws::client {

struct Url {
  std::string host;  // without brackets
  std::string port;
  std::string target;
  std::string host_field;  // for the Host field of the request
};

/// "ws://host[:port][/path][?query]". wss:// is refused by name until TLS is in this build.
[[nodiscard]] bp::result<Url> parse_url(const std::string& text);

}  // namespace transport_ws::client
