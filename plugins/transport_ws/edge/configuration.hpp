// plugins/transport_ws/edge/configuration.hpp - the configuration of an instance, and what it means
// for the engine.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backplane/cpp/config.hpp"

#include "client/outbound.hpp"
#include "edge/auth_configuration.hpp"
#include "edge/deflate_configuration.hpp"
#include "edge/http_configuration.hpp"
#include "edge/routes_configuration.hpp"
#include "edge/tcp_configuration.hpp"
#include "edge/tls_configuration.hpp"
#include "limits.hpp"
#include "server/settings.hpp"

namespace transport_ws {
namespace frame {

constexpr auto json_names(Policy /*unused*/) {
  return std::array{std::pair{"close", Policy::Close}, std::pair{"drop-newest", Policy::DropNewest},
                    std::pair{"drop-oldest", Policy::DropOldest}};
}

}  // namespace frame

namespace edge {

using Milliseconds = std::chrono::milliseconds;

struct LimitsConfiguration {
  std::uint32_t connections = connections_max_default;
  std::uint32_t connections_per_ip = connections_per_ip_max_default;
  std::uint32_t per_principal = per_principal_max_default;
  std::uint32_t accept_per_s = accept_per_s_default;
  std::uint32_t messages_per_s = 0;
  std::uint32_t control_per_s = control_per_s_default;
  Milliseconds lifetime{0};
  Milliseconds handshake{handshake_ms_default};
  bp::byte_size header{header_bytes_max_default};
  bp::byte_size message{message_bytes_max_default};
  std::uint32_t in_flight = in_flight_max_default;
  std::uint32_t subscriptions = subscriptions_max_default;
  std::uint32_t clients = clients_max_default;
  Milliseconds call_timeout{call_timeout_ms_default};
  bp::byte_size body{body_bytes_max_default};
  std::uint32_t http_in_flight = calls_in_flight_max_default;
  std::uint32_t http_routes = http_routes_max_default;
  std::uint32_t history = history_messages_default;
  bp::byte_size history_bytes{history_bytes_default};
  Milliseconds history_linger{history_linger_ms_default};

  static constexpr auto fields = bp::fields(
      bp::field<&LimitsConfiguration::connections>("connections").or_default(),
      bp::field<&LimitsConfiguration::connections_per_ip>("connections_per_ip").or_default(),
      bp::field<&LimitsConfiguration::per_principal>("per_principal").or_default(),
      bp::field<&LimitsConfiguration::accept_per_s>("accept_per_s").or_default(),
      bp::field<&LimitsConfiguration::messages_per_s>("messages_per_s").or_default(),
      bp::field<&LimitsConfiguration::control_per_s>("control_per_s").or_default(),
      bp::field<&LimitsConfiguration::lifetime>("lifetime").or_default(),
      bp::field<&LimitsConfiguration::handshake>("handshake").or_default(),
      bp::field<&LimitsConfiguration::header>("header").or_default(),
      bp::field<&LimitsConfiguration::message>("message").or_default(),
      bp::field<&LimitsConfiguration::in_flight>("in_flight").or_default(),
      bp::field<&LimitsConfiguration::subscriptions>("subscriptions").or_default(),
      bp::field<&LimitsConfiguration::clients>("clients").or_default(),
      bp::field<&LimitsConfiguration::body>("body").or_default(),
      bp::field<&LimitsConfiguration::http_in_flight>("http_in_flight").or_default(),
      bp::field<&LimitsConfiguration::http_routes>("http_routes").or_default(),
      bp::field<&LimitsConfiguration::history>("history").or_default(),
      bp::field<&LimitsConfiguration::history_bytes>("history_bytes").or_default(),
      bp::field<&LimitsConfiguration::history_linger>("history_linger").or_default(),
      bp::field<&LimitsConfiguration::call_timeout>("call_timeout").or_default());
};

struct WriterConfiguration {
  bp::byte_size queue{queue_bytes_default};
  frame::Policy policy = frame::Policy::Close;
  Milliseconds block{block_ms_default};

  static constexpr auto fields =
      bp::fields(bp::field<&WriterConfiguration::queue>("queue").or_default(),
                 bp::field<&WriterConfiguration::policy>("policy").or_default(),
                 bp::field<&WriterConfiguration::block>("block").or_default());
};

struct MetricsConfiguration {
  std::uint32_t in_flight = http_in_flight_max_default;
  Milliseconds timeout{http_timeout_ms_default};
  std::optional<TlsConfiguration> tls;

  static constexpr auto fields =
      bp::fields(bp::field<&MetricsConfiguration::in_flight>("in_flight").or_default(),
                 bp::field<&MetricsConfiguration::timeout>("timeout").or_default(),
                 bp::field<&MetricsConfiguration::tls>("tls").or_default());
};

struct ClientConfiguration {
  std::string url;
  std::vector<std::string> hello;
  std::map<std::string, std::string> headers;  // may be secrets: never logged
  std::uint32_t retries = 0;
  ClientTlsConfiguration tls;

  static constexpr auto fields =
      bp::fields(bp::field<&ClientConfiguration::url>("url"),
                 bp::field<&ClientConfiguration::hello>("hello").or_default(),
                 bp::field<&ClientConfiguration::headers>("headers").or_default(),
                 bp::field<&ClientConfiguration::retries>("retries").or_default(),
                 bp::field<&ClientConfiguration::tls>("tls").or_default());
};

/// plugin.json says what each key means; its schema has the same defaults.
struct Configuration {
  std::string listen = "127.0.0.1:9400";
  std::string metrics_listen = "127.0.0.1:9464";
  std::vector<std::string> origins;
  bool origins_loopback = false;
  std::vector<std::string> proxies;
  std::uint32_t io_threads = 1;
  bool reuse_port = true;
  Milliseconds heartbeat{heartbeat_ms_default};
  Milliseconds drain{drain_ms_default};
  LimitsConfiguration limits;
  WriterConfiguration writer;
  MetricsConfiguration metrics;
  std::map<std::string, ClientConfiguration> clients;
  std::vector<std::string> client_urls;
  RoutesConfiguration routes;
  TcpListenersConfiguration tcp;
  std::optional<TlsConfiguration> tls;
  std::vector<BridgeConfiguration> bridges;
  std::vector<EndpointConfiguration> http;
  std::vector<std::string> http_paths;
  std::string healthz = "/healthz";
  AuthConfiguration auth;
  DeflateConfiguration deflate;

  static constexpr auto fields =
      bp::fields(bp::field<&Configuration::listen>("listen").or_default(),
                 bp::field<&Configuration::metrics_listen>("metrics_listen").or_default(),
                 bp::field<&Configuration::origins>("origins").or_default(),
                 bp::field<&Configuration::origins_loopback>("origins_loopback").or_default(),
                 bp::field<&Configuration::proxies>("proxies").or_default(),
                 bp::field<&Configuration::io_threads>("io_threads").or_default(),
                 bp::field<&Configuration::reuse_port>("reuse_port").or_default(),
                 bp::field<&Configuration::heartbeat>("heartbeat").or_default(),
                 bp::field<&Configuration::drain>("drain").or_default(),
                 bp::field<&Configuration::limits>("limits").or_default(),
                 bp::field<&Configuration::writer>("writer").or_default(),
                 bp::field<&Configuration::metrics>("metrics").or_default(),
                 bp::field<&Configuration::clients>("clients").or_default(),
                 bp::field<&Configuration::client_urls>("client_urls").or_default(),
                 bp::field<&Configuration::routes>("routes").or_default(),
                 bp::field<&Configuration::tcp>("tcp").or_default(),
                 bp::field<&Configuration::tls>("tls").or_default(),
                 bp::field<&Configuration::http>("http").or_default(),
                 bp::field<&Configuration::http_paths>("http_paths").or_default(),
                 bp::field<&Configuration::healthz>("healthz").or_default(),
                 bp::field<&Configuration::bridges>("bridges").or_default(),
                 bp::field<&Configuration::deflate>("deflate").or_default(),
                 bp::field<&Configuration::auth>("auth").or_default());
};

/// Relative paths start at `folder`. Errors: CONFIG, naming the key and what it may be.
[[nodiscard]] bp::result<server::Settings> engine_settings(const Configuration& configuration,
                                                           std::string_view folder = {});
[[nodiscard]] bp::result<std::vector<client::OutboundSettings>> client_settings(
    const Configuration& configuration, std::string_view folder = {});
/// What all clients have in common.
[[nodiscard]] client::ClientSettings client_basis(const Configuration& configuration);

}  // namespace edge
}  // namespace transport_ws
