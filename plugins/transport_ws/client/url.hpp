// plugins/transport_ws/client/url.hpp - ws:// and wss:// addresses.
#pragma once

#include <string>

#include "backplane/cpp/error.hpp"

namespace transport_ws::client {

struct Url {
  std::string host;  // without brackets
  std::string port;
  std::string target;
  std::string host_field;  // for the Host field of the request
  bool secure = false;     // wss://
};

/// "ws://host[:port][/path][?query]", or wss:// for TLS.
[[nodiscard]] bp::result<Url> parse_url(const std::string& text);

/// For people: without the query, in which a token may stand.
[[nodiscard]] std::string without_query(const Url& url);

}  // namespace transport_ws::client
