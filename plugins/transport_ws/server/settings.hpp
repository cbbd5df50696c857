// plugins/transport_ws/server/settings.hpp - what the engine is told once, when it is made.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/authenticator.hpp"
#include "auth/census.hpp"
#include "http/proxies.hpp"
#include "limits.hpp"
#include "net/socket.hpp"
#include "rest/counter.hpp"
#include "route/route.hpp"
#include "rpc/gateway.hpp"
#include "tcp/session.hpp"
#include "tls/context.hpp"
#include "topic/bridge.hpp"

namespace transport_ws::server {

/// A listener for lines or lengths.
struct TcpListener {
  route::Route route;  // its name and where it leads
  net::Tcp::endpoint listen;
  std::optional<tls::Settings> tls;  // none: plain
  tcp::SessionSettings session;
};

struct Settings {
  net::Tcp::endpoint listen;
  std::optional<net::Tcp::endpoint> metrics_listen;  // none: no second listener
  std::vector<std::string> origins;
  bool origins_loopback = false;
  http::Proxies proxies;  // of the first listener
  session::SessionSettings session;
  int deflate_level = deflate_level_default;
  std::vector<route::Route> routes;  // empty: every path leads to the gateway
  std::vector<TcpListener> tcp;
  std::vector<topic::Bridge> bridges;
  rest::Table http;
  rest::CounterSettings counter;
  std::uint64_t body_bytes_max = body_bytes_max_default;
  rpc::GatewaySettings gateway;
  std::uint32_t connections_max = connections_max_default;
  std::uint32_t connections_per_ip_max = connections_per_ip_max_default;
  std::uint32_t handshake_ms = handshake_ms_default;
  std::uint32_t header_bytes_max = header_bytes_max_default;
  std::uint32_t http_in_flight_max = http_in_flight_max_default;
  std::uint32_t http_timeout_ms = http_timeout_ms_default;
  std::uint32_t drain_ms = drain_ms_default;
  std::uint32_t io_threads = 1;
  bool reuse_port = true;  // a listening socket for each io thread; else one that deals out in turn
  auth::AuthSettings auth;
  std::uint32_t accept_per_s = accept_per_s_default;
  std::uint64_t lifetime_ms = 0;  // of a connection; 0: it may stay for ever
  std::uint32_t per_principal_max = per_principal_max_default;
  std::shared_ptr<auth::Census> census;                 // of all loops; the server makes it
  std::optional<tls::Settings> tls;                     // of the first listener; none: plain
  std::optional<tls::Settings> metrics_tls;             // of the second
  std::uint32_t tls_reload_ms = tls_reload_ms_default;  // 0: never
};

}  // namespace transport_ws::server
