// plugins/transport_ws/edge/routes_configuration.cpp - checking routes one by one and against each
// other.
#include "edge/routes_configuration.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "http/subprotocol.hpp"
#include "limits.hpp"

namespace transport_ws::edge {

namespace {

constexpr std::size_t name_bytes_ceiling = 64;

bool is_path(std::string_view path) noexcept {
  const bool plain =
      std::ranges::all_of(path, [](char c) { return c > ' ' && c < 0x7F && c != '?' && c != '#'; });
  return path == "*" || (path.starts_with('/') && path.size() <= route_path_bytes_max && plain);
}

std::optional<std::string> problem_of(const std::string& name, const RouteConfiguration& from) {
  if (!is_name(name)) {
    return fmt::format("the name 'routes.{}' must be 1 to {} letters, digits, '_' or '-'", name,
                       name_bytes_ceiling);
  }
  if (!is_path(from.path)) {
    return fmt::format(
        "'routes.{}.path' must begin with '/', hold at most {} visible ASCII characters and no '?' "
        "or '#', or be '*'",
        name, route_path_bytes_max);
  }
  if (from.subprotocols.size() > subprotocols_max ||
      !std::ranges::all_of(from.subprotocols, http::is_token)) {
    return fmt::format("'routes.{}.subprotocols' must be at most {} tokens, as \"chat.v1\"", name,
                       subprotocols_max);
  }
  if (from.message &&
      (*from.message < message_bytes_floor || *from.message > message_bytes_ceiling)) {
    return fmt::format("'routes.{}.message' must be from 1KiB to {} bytes", name,
                       message_bytes_ceiling);
  }
  if (from.to != route::To::Topics && !(from.subscribe.empty() && from.publish.empty())) {
    return fmt::format(
        "'routes.{}' has 'subscribe' or 'publish', which only routes to 'topics' have", name);
  }
  if (std::max(from.subscribe.size(), from.publish.size()) > topic_patterns_max) {
    return fmt::format("'routes.{}' allows more than {} patterns of topics; use '*'", name,
                       topic_patterns_max);
  }
  return std::nullopt;
}

}  // namespace

bool is_name(const std::string& name) noexcept {
  return !name.empty() && name.size() <= name_bytes_ceiling &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-';
         });
}

bp::result<std::vector<topic::Bridge>> bridges_of(const std::vector<BridgeConfiguration>& from) {
  if (from.size() > bridges_max) {
    return bp::fail(BP_E_CONFIG, fmt::format("'bridges' holds {}; at most {} are possible",
                                             from.size(), bridges_max));
  }
  std::vector<topic::Bridge> bridges;
  for (const BridgeConfiguration& each : from) {
    const std::string key = fmt::format("bridges[{}]", bridges.size());
    if (each.channel.empty() || each.channel.size() > name_bytes_max) {
      return bp::fail(BP_E_CONFIG, fmt::format("'{}.channel' must be the name of a channel", key));
    }
    if (auto named = topic::check_name(each.topic); !named) {
      return bp::fail(BP_E_CONFIG, fmt::format("'{}.topic': {}", key, named.error().message()));
    }
    const bool inward = each.direction != topic::Direction::Out;
    const auto twin = std::ranges::find_if(bridges, [&](const topic::Bridge& other) {
      return other.topic == each.topic && ((inward && other.direction != topic::Direction::Out) ||
                                           other.channel == each.channel);
    });
    if (twin != bridges.end()) {
      return bp::fail(BP_E_CONFIG,
                      fmt::format("'{}' and 'bridges[{}]' both bridge topic '{}' the same way; a "
                                  "topic leads into one channel, and once to each",
                                  key, twin - bridges.begin(), each.topic));
    }
    bridges.push_back({each.channel, each.topic, each.direction});
  }
  return bridges;
}

bp::result<std::vector<route::Route>> routes_of(const RoutesConfiguration& from,
                                                const server::Settings& settings) {
  if (from.size() > routes_max) {
    return bp::fail(BP_E_CONFIG, fmt::format("'routes' holds {}; at most {} are possible",
                                             from.size(), routes_max));
  }
  std::vector<route::Route> routes;
  for (const auto& [name, each] : from) {
    if (auto problem = problem_of(name, each)) {
      return bp::fail(BP_E_CONFIG, *problem);
    }
    const auto twin = std::ranges::find(routes, each.path, &route::Route::path);
    if (twin != routes.end()) {
      return bp::fail(BP_E_CONFIG, fmt::format("'routes.{}' and 'routes.{}' have the same path "
                                               "'{}'; give one of them another",
                                               twin->name, name, each.path));
    }
    route::Route& made = routes.emplace_back();
    made.name = name;
    made.path = each.path;
    made.to = each.to;
    made.subprotocols = each.subprotocols;
    made.subscribe = each.subscribe;
    made.publish = each.publish;
    made.origins = http::OriginPolicy(each.origins.value_or(settings.origins),
                                      settings.origins_loopback && !each.origins);
    made.session = settings.session;
    if (each.message) {
      made.session.message_bytes_max = *each.message;
    }
  }
  return routes;
}

}  // namespace transport_ws::edge
