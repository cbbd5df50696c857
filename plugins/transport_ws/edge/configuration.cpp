// plugins/transport_ws/edge/configuration.cpp - ranges, and from durations and sizes to plain
// numbers.
#include "edge/configuration.hpp"

#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "client/fields.hpp"
#include "limits.hpp"

namespace transport_ws::edge {

namespace {

constexpr Milliseconds shortest{1};
constexpr Milliseconds longest{3'600'000};
constexpr std::uint64_t queue_bytes_ceiling = 1U << 30U;
constexpr std::uint64_t header_bytes_ceiling = 64U << 10U;
constexpr std::uint64_t bytes_floor = 1U << 10U;

// Collects the first key that is out of its range.
class Ranges {
 public:
  std::uint32_t time(std::string_view key, Milliseconds value) {
    if (value < shortest || value > longest) {
      note(fmt::format("'{}' must be from 1ms to 1h", key));
    }
    return static_cast<std::uint32_t>(value.count());
  }

  std::uint64_t days(std::string_view key, Milliseconds value) {
    constexpr Milliseconds longest_stay = std::chrono::days(365);
    if (value < Milliseconds::zero() || value > longest_stay) {
      note(fmt::format("'{}' must be from 0s to 8760h", key));
    }
    return static_cast<std::uint64_t>(value.count());
  }

  std::uint64_t size(std::string_view key, bp::byte_size value, std::uint64_t ceiling) {
    if (value < bytes_floor || value > ceiling) {
      note(fmt::format("'{}' must be from 1KiB to {} bytes", key, ceiling));
    }
    return value;
  }

  std::uint32_t number(std::string_view key, std::uint32_t value, std::uint32_t ceiling) {
    if (value < 1 || value > ceiling) {
      note(fmt::format("'{}' must be from 1 to {}", key, ceiling));
    }
    return value;
  }

  [[nodiscard]] const std::optional<std::string>& problem() const noexcept { return problem_; }

 private:
  void note(std::string text) {
    if (!problem_) {
      problem_ = std::move(text);
    }
  }

  std::optional<std::string> problem_;
};

// 0 of each: no bound.
void read_rates(const LimitsConfiguration& from, Ranges& ranges, server::Settings& settings) {
  constexpr std::uint32_t rate_ceiling = 10'000'000;
  const auto rate = [&](std::string_view key, std::uint32_t value) {
    return value == 0 ? 0 : ranges.number(key, value, rate_ceiling);
  };
  settings.accept_per_s = rate("limits.accept_per_s", from.accept_per_s);
  settings.session.messages_per_s = rate("limits.messages_per_s", from.messages_per_s);
  settings.session.control_per_s = rate("limits.control_per_s", from.control_per_s);
  settings.lifetime_ms = ranges.days("limits.lifetime", from.lifetime);
}

void read_limits(const Configuration& from, Ranges& ranges, server::Settings& settings) {
  constexpr std::uint32_t connections_ceiling = 1'000'000;
  constexpr std::uint32_t requests_ceiling = 65'536;
  constexpr std::uint32_t history_ceiling = 1'000'000;
  const LimitsConfiguration& limits = from.limits;
  settings.connections_max =
      ranges.number("limits.connections", limits.connections, connections_ceiling);
  settings.connections_per_ip_max =
      ranges.number("limits.connections_per_ip", limits.connections_per_ip, connections_ceiling);
  settings.per_principal_max =
      ranges.number("limits.per_principal", limits.per_principal, connections_ceiling);
  read_rates(limits, ranges, settings);
  settings.handshake_ms = ranges.time("limits.handshake", limits.handshake);
  settings.header_bytes_max =
      static_cast<std::uint32_t>(ranges.size("limits.header", limits.header, header_bytes_ceiling));
  settings.session.message_bytes_max =
      ranges.size("limits.message", limits.message, message_bytes_ceiling);
  settings.gateway.in_flight_max =
      ranges.number("limits.in_flight", limits.in_flight, requests_ceiling);
  settings.gateway.subscriptions_max =
      ranges.number("limits.subscriptions", limits.subscriptions, requests_ceiling);
  settings.body_bytes_max = ranges.size("limits.body", limits.body, message_bytes_ceiling);
  settings.counter.in_flight_max =
      ranges.number("limits.http_in_flight", limits.http_in_flight, requests_ceiling);
  settings.gateway.history.messages_max = limits.history;
  if (limits.history > history_ceiling) {
    ranges.number("limits.history", limits.history, history_ceiling);
  }
  settings.gateway.history.bytes_max =
      ranges.size("limits.history_bytes", limits.history_bytes, queue_bytes_ceiling);
  settings.gateway.history.linger_ms = ranges.time("limits.history_linger", limits.history_linger);
  settings.gateway.call_timeout_ms = ranges.time("limits.call_timeout", limits.call_timeout);
}

bp::result<void> read_tls(const Configuration& from, std::string_view folder, Ranges& ranges,
                          server::Settings& settings) {
  settings.tls_reload_ms = 0;
  const auto look_again = [&](const TlsConfiguration& of, std::string_view key) {
    const std::uint32_t wait_ms =
        of.reload.count() == 0 ? 0 : ranges.time(fmt::format("{}.reload", key), of.reload);
    if (wait_ms > 0 && (settings.tls_reload_ms == 0 || wait_ms < settings.tls_reload_ms)) {
      settings.tls_reload_ms = wait_ms;  // one timer for all listeners
    }
  };
  for (const auto& [name, each] : from.tcp) {
    if (each.tls) {
      look_again(*each.tls, fmt::format("tcp.{}.tls", name));
    }
  }
  const auto read = [&](const std::optional<TlsConfiguration>& of, std::string_view key,
                        std::optional<tls::Settings>& into) -> bp::result<void> {
    if (of) {
      auto made = tls_settings(*of, key, folder);
      BP_TRY(made);
      into = std::move(*made);
      look_again(*of, key);
    }
    return {};
  };
  BP_TRY(read(from.tls, "tls", settings.tls));
  return read(from.metrics.tls, "metrics.tls", settings.metrics_tls);
}

bp::result<void> read_http(const Configuration& from, server::Settings& settings) {
  auto endpoints =
      endpoints_of(from.http, settings.gateway.call_timeout_ms, settings.auth.places.query);
  BP_TRY(endpoints);
  settings.http = rest::Table(std::move(*endpoints));
  if (!from.healthz.empty() && !from.healthz.starts_with('/')) {
    return bp::fail(BP_E_CONFIG, "'healthz' must be a path that begins with '/', or empty");
  }
  settings.counter.health_path = from.healthz;
  return {};
}

bp::result<void> read_addresses(const Configuration& from, server::Settings& settings) {
  auto listen = net::parse_endpoint(from.listen);
  if (!listen) {
    return std::unexpected(std::move(listen).error().during("reading 'listen'"));
  }
  settings.listen = *listen;
  if (from.metrics_listen.empty()) {
    return {};
  }
  auto metrics = net::parse_endpoint(from.metrics_listen);
  if (!metrics) {
    return std::unexpected(std::move(metrics).error().during("reading 'metrics_listen'"));
  }
  settings.metrics_listen = *metrics;
  return {};
}

}  // namespace

bp::result<server::Settings> engine_settings(const Configuration& configuration,
                                             std::string_view folder) {
  constexpr std::uint32_t io_threads_ceiling = 64;
  server::Settings settings;
  BP_TRY(read_addresses(configuration, settings));
  Ranges ranges;
  BP_TRY(read_tls(configuration, folder, ranges, settings));
  auto auth = auth_settings(configuration.auth, folder);
  BP_TRY(auth);
  settings.auth = std::move(*auth);
  read_limits(configuration, ranges, settings);
  settings.origins = configuration.origins;
  settings.origins_loopback = configuration.origins_loopback;
  auto proxies = http::Proxies::parse(configuration.proxies);
  BP_TRY(proxies);
  settings.proxies = std::move(*proxies);
  settings.reuse_port = configuration.reuse_port;
  settings.io_threads = ranges.number("io_threads", configuration.io_threads, io_threads_ceiling);
  settings.session.heartbeat_ms = ranges.time("heartbeat", configuration.heartbeat);
  settings.drain_ms = ranges.time("drain", configuration.drain);
  settings.session.queue_bytes =
      ranges.size("writer.queue", configuration.writer.queue, queue_bytes_ceiling);
  settings.session.policy = configuration.writer.policy;
  settings.session.block_ms = ranges.time("writer.block", configuration.writer.block);
  settings.http_in_flight_max =
      ranges.number("metrics.in_flight", configuration.metrics.in_flight, http_connections_max);
  settings.http_timeout_ms = ranges.time("metrics.timeout", configuration.metrics.timeout);
  if (ranges.problem()) {
    return bp::fail(BP_E_CONFIG, *ranges.problem());
  }
  BP_TRY(read_deflate(configuration.deflate, settings));
  auto routes = routes_of(configuration.routes, settings);
  BP_TRY(routes);
  settings.routes = std::move(*routes);
  auto tcp = tcp_listeners_of(configuration.tcp, settings, folder);
  BP_TRY(tcp);
  settings.tcp = std::move(*tcp);
  auto bridges = bridges_of(configuration.bridges);
  BP_TRY(bridges);
  settings.bridges = std::move(*bridges);
  BP_TRY(read_http(configuration, settings));
  return settings;
}

client::ClientSettings client_basis(const Configuration& configuration) {
  client::ClientSettings settings;
  settings.session.message_bytes_max = configuration.limits.message;
  settings.session.heartbeat_ms = static_cast<std::uint32_t>(configuration.heartbeat.count());
  settings.handshake_ms = static_cast<std::uint32_t>(configuration.limits.handshake.count());
  return settings;
}

bp::result<std::vector<client::OutboundSettings>> client_settings(
    const Configuration& configuration, std::string_view folder) {
  std::vector<client::OutboundSettings> all;
  for (const auto& [name, from] : configuration.clients) {
    if (!is_name(name)) {
      return bp::fail(
          BP_E_CONFIG,
          fmt::format("the name 'clients.{}' must be 1 to 64 letters, digits, '_' or '-'", name));
    }
    auto url = client::parse_url(from.url);
    if (!url) {
      return std::unexpected(std::move(url).error().during("reading 'clients." + name + ".url'"));
    }
    client::OutboundSettings settings;
    settings.name = name;
    settings.channel = "ws.client." + name;
    settings.url = std::move(*url);
    settings.client = client_basis(configuration);
    auto tls = tls_settings(from.tls, "clients." + name + ".tls", folder);
    BP_TRY(tls);
    settings.client.tls = std::move(*tls);
    settings.client.hello = from.hello;
    settings.client.backoff.retries_max = from.retries;
    for (const auto& [field, value] : from.headers) {
      settings.client.fields.push_back({field, value});
    }
    if (const auto problem = client::problem_of(settings.client.fields)) {
      return bp::fail(BP_E_CONFIG, fmt::format("reading 'clients.{}.headers': {}", name, *problem));
    }
    all.push_back(std::move(settings));
  }
  return all;
}

}  // namespace transport_ws::edge
