// plugins/transport_ws/edge/tcp_configuration.hpp - the configuration's `tcp`: listeners for lines
// and lengths.
#pragma once

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backplane/cpp/config.hpp"

#include "edge/routes_configuration.hpp"
#include "edge/tls_configuration.hpp"
#include "limits.hpp"
#include "server/settings.hpp"

namespace transport_ws {
namespace tcp {

constexpr auto json_names(Framing /*unused*/) {
  return std::array{std::pair{"line", Framing::Line}, std::pair{"length", Framing::Length}};
}

}  // namespace tcp

namespace edge {

struct TcpConfiguration {
  std::string listen;
  tcp::Framing framing = tcp::Framing::Line;
  route::To to = route::To::Gateway;
  std::optional<bp::byte_size> message;  // none: limits.message
  std::optional<TlsConfiguration> tls;
  std::chrono::milliseconds idle{tcp_idle_ms_default};

  static constexpr auto fields = bp::fields(
      bp::field<&TcpConfiguration::listen>("listen"),
      bp::field<&TcpConfiguration::framing>("framing"), bp::field<&TcpConfiguration::to>("to"),
      bp::field<&TcpConfiguration::message>("message").or_default(),
      bp::field<&TcpConfiguration::tls>("tls").or_default(),
      bp::field<&TcpConfiguration::idle>("idle").or_default());
};

using TcpListenersConfiguration = std::map<std::string, TcpConfiguration>;

/// What a listener leaves open it takes from `settings`, whose routes and auth are read already.
/// Relative paths start at `folder`. Errors: CONFIG, naming the key.
[[nodiscard]] bp::result<std::vector<server::TcpListener>> tcp_listeners_of(
    const TcpListenersConfiguration& from, const server::Settings& settings,
    std::string_view folder);

}  // namespace edge
}  // namespace transport_ws
