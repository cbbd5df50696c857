// plugins/transport_ws/edge/routes_configuration.hpp - the configuration's `routes`: paths of the
// first listener and what they lead to.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backplane/cpp/config.hpp"

#include "server/settings.hpp"

namespace transport_ws {
namespace route {

constexpr auto json_names(To /*unused*/) {
  return std::array{std::pair{"gateway", To::Gateway}, std::pair{"channel", To::Channel},
                    std::pair{"topics", To::Topics}, std::pair{"echo", To::Echo}};
}

}  // namespace route

namespace topic {

constexpr auto json_names(Direction /*unused*/) {
  return std::array{std::pair{"out", Direction::Out}, std::pair{"in", Direction::In},
                    std::pair{"both", Direction::Both}};
}

}  // namespace topic

namespace edge {

struct RouteConfiguration {
  std::string path;
  route::To to = route::To::Gateway;
  std::vector<std::string> subprotocols;
  std::vector<std::string> subscribe;
  std::vector<std::string> publish;
  std::optional<bp::byte_size> message;             // none: limits.message
  std::optional<std::vector<std::string>> origins;  // none: the listener's

  static constexpr auto fields = bp::fields(
      bp::field<&RouteConfiguration::path>("path"), bp::field<&RouteConfiguration::to>("to"),
      bp::field<&RouteConfiguration::subprotocols>("subprotocols").or_default(),
      bp::field<&RouteConfiguration::subscribe>("subscribe").or_default(),
      bp::field<&RouteConfiguration::publish>("publish").or_default(),
      bp::field<&RouteConfiguration::message>("message").or_default(),
      bp::field<&RouteConfiguration::origins>("origins").or_default());
};

using RoutesConfiguration = std::map<std::string, RouteConfiguration>;

struct BridgeConfiguration {
  std::string channel;
  std::string topic;
  topic::Direction direction = topic::Direction::Out;

  static constexpr auto fields =
      bp::fields(bp::field<&BridgeConfiguration::channel>("channel"),
                 bp::field<&BridgeConfiguration::topic>("topic"),
                 bp::field<&BridgeConfiguration::direction>("direction").or_default());
};

/// Errors: CONFIG, naming the key.
[[nodiscard]] bp::result<std::vector<topic::Bridge>> bridges_of(
    const std::vector<BridgeConfiguration>& from);

/// What a route leaves open it takes from `settings`. Errors: CONFIG, naming the key.
[[nodiscard]] bp::result<std::vector<route::Route>> routes_of(const RoutesConfiguration& from,
                                                              const server::Settings& settings);

/// May it name a route or a client? 1 to 64 letters, digits, '_' or '-'.
[[nodiscard]] bool is_name(const std::string& name) noexcept;

}  // namespace edge
}  // namespace transport_ws
