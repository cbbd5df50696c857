// plugins/transport_ws/net/socket.cpp - endpoints from and to text.
#include "net/socket.hpp"

#include <charconv>
#include <cstdint>
#include <string_view>

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

namespace transport_ws::net {

bp::result<Tcp::endpoint> parse_endpoint(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) {
    return bp::fail(
        BP_E_CONFIG,
        fmt::format("'{}' is no address: write it as 127.0.0.1:9400 or [::1]:9400", text));
  }
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    return bp::fail(BP_E_CONFIG,
                    fmt::format("'{}' is no address: put the IPv6 part in brackets", text));
  }
  const std::string_view digits = std::string_view(text).substr(colon + 1);
  std::uint16_t port = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  ErrorCode failure;
  const auto address = asio::ip::make_address(host, failure);
  if (failure || digits.empty() || parsed.ec != std::errc() ||
      parsed.ptr != digits.data() + digits.size()) {
    return bp::fail(
        BP_E_CONFIG,
        fmt::format("'{}' is no address: a numeric address and a port of 0 to 65535 are "
                    "needed, as in 127.0.0.1:9400",
                    text));
  }
  return Tcp::endpoint(address, port);
}

std::string to_text(const Tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return endpoint.address().is_v6() ? fmt::format("[{}]:{}", address, endpoint.port())
                                    : fmt::format("{}:{}", address, endpoint.port());
}

}  // namespace transport_ws::net
