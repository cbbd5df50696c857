// plugins/transport_ws/edge/tcp_configuration.cpp - checking listeners one by one and against the
// routes.
#include "edge/tcp_configuration.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "limits.hpp"

namespace transport_ws::edge {

namespace {

using Milliseconds = std::chrono::milliseconds;

constexpr Milliseconds idle_ceiling = std::chrono::hours(24);

std::optional<std::string> problem_of(const std::string& name, const TcpConfiguration& from,
                                      const server::Settings& settings) {
  if (!is_name(name)) {
    return fmt::format("the name 'tcp.{}' must be 1 to 64 letters, digits, '_' or '-'", name);
  }
  if (std::ranges::find(settings.routes, name, &route::Route::name) != settings.routes.end()) {
    return fmt::format("'tcp.{0}' and 'routes.{0}' have one name; give one of them another", name);
  }
  if (from.to == route::To::Topics) {
    return fmt::format("'tcp.{}.to' must be gateway, channel or echo", name);
  }
  if (from.message &&
      (*from.message < message_bytes_floor || *from.message > message_bytes_ceiling)) {
    return fmt::format("'tcp.{}.message' must be from 1KiB to {} bytes", name,
                       message_bytes_ceiling);
  }
  if (from.idle < Milliseconds::zero() || from.idle > idle_ceiling) {
    return fmt::format("'tcp.{}.idle' must be from 0s to 24h", name);
  }
  if (settings.auth.mode == auth::Mode::Upgrade &&
      (!from.tls || from.tls->client == tls::ClientCertificate::None)) {
    return fmt::format(
        "nobody could enter 'tcp.{0}': with 'auth.mode' upgrade its clients show a certificate or "
        "nothing; give 'tcp.{0}.tls' a 'client' and 'client_ca', or take the mode either",
        name);
  }
  return std::nullopt;
}

bp::result<server::TcpListener> listener_of(const std::string& name, const TcpConfiguration& from,
                                            const server::Settings& settings,
                                            std::string_view folder) {
  server::TcpListener made;
  auto listen = net::parse_endpoint(from.listen);
  if (!listen) {
    return std::unexpected(
        std::move(listen).error().during(fmt::format("reading 'tcp.{}.listen'", name)));
  }
  made.listen = *listen;
  if (from.tls) {
    auto tls = tls_settings(*from.tls, fmt::format("tcp.{}.tls", name), folder);
    BP_TRY(tls);
    made.tls = std::move(*tls);
  }
  made.route.name = name;
  made.route.to = from.to;
  made.session.framing = from.framing;
  made.session.farewell = from.to == route::To::Gateway;
  made.session.message_bytes_max =
      from.message.value_or(bp::byte_size(settings.session.message_bytes_max));
  made.session.queue_bytes = settings.session.queue_bytes;
  made.session.policy = settings.session.policy;
  made.session.block_ms = settings.session.block_ms;
  made.session.messages_per_s = settings.session.messages_per_s;
  made.session.idle_ms = static_cast<std::uint32_t>(from.idle.count());
  return made;
}

}  // namespace

bp::result<std::vector<server::TcpListener>> tcp_listeners_of(const TcpListenersConfiguration& from,
                                                              const server::Settings& settings,
                                                              std::string_view folder) {
  if (from.size() > tcp_listeners_max) {
    return bp::fail(BP_E_CONFIG, fmt::format("'tcp' holds {}; at most {} are possible", from.size(),
                                             tcp_listeners_max));
  }
  std::vector<server::TcpListener> listeners;
  for (const auto& [name, each] : from) {
    if (auto problem = problem_of(name, each, settings)) {
      return bp::fail(BP_E_CONFIG, *problem);
    }
    auto listener = listener_of(name, each, settings, folder);
    BP_TRY(listener);
    listeners.push_back(std::move(*listener));
  }
  return listeners;
}

}  // namespace transport_ws::edge
