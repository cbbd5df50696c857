// plugins/transport_ws/edge/http_configuration.cpp - checking endpoints one by one and against each
// other.
#include "edge/http_configuration.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "limits.hpp"

namespace transport_ws::edge {

namespace {

// HEAD and OPTIONS are answered by themselves.
constexpr std::array<std::string_view, 5> verbs{"GET", "POST", "PUT", "PATCH", "DELETE"};

bp::error wrong(const std::string& key, std::string_view why) {
  return {BP_E_CONFIG, fmt::format("'{}': {}", key, why)};
}

struct Method {
  std::string service;  // "bp.storage.records/1"
  std::string name;
};

// "bp.storage.records/1.Get"
std::optional<Method> method_of(const std::string& call) {
  const std::size_t dot = call.rfind('.');
  const std::size_t slash = call.rfind('/');
  if (slash == std::string::npos || dot == std::string::npos || dot < slash + 2 || slash == 0 ||
      dot + 1 == call.size() || call.size() > name_bytes_max) {
    return std::nullopt;
  }
  return Method{call.substr(0, dot), call.substr(dot + 1)};
}

bp::result<std::vector<rest::Parameter>> parameters_of(const std::string& key,
                                                       const std::vector<std::string>& query,
                                                       std::string_view credentials) {
  if (query.size() > query_parameters_max) {
    return std::unexpected(
        wrong(key, fmt::format("holds more than {} names", query_parameters_max)));
  }
  std::vector<rest::Parameter> made;
  for (const std::string& text : query) {
    auto parameter = rest::read_parameter(text);
    if (!parameter) {
      return std::unexpected(wrong(key, parameter.error().message()));
    }
    if (!credentials.empty() && parameter->name == credentials) {
      return std::unexpected(wrong(
          key, fmt::format("'{}' carries the credentials of requests ('auth.query'), so no method "
                           "is passed it; fix: give one of them another name",
                           parameter->name)));
    }
    made.push_back(std::move(*parameter));
  }
  return made;
}

}  // namespace

bp::result<rest::Endpoint> endpoint_of(const std::string& key, const EndpointConfiguration& from,
                                       std::uint32_t timeout_default_ms,
                                       std::string_view credentials) {
  if (std::ranges::find(verbs, from.method) == verbs.end()) {
    return std::unexpected(
        wrong(key + "method", fmt::format("must be one of {}", fmt::join(verbs, ", "))));
  }
  auto pattern = rest::Pattern::parse(from.path);
  if (!pattern) {
    return std::unexpected(wrong(key + "path", pattern.error().message()));
  }
  auto method = method_of(from.call);
  if (!method) {
    return std::unexpected(
        wrong(key + "call", "must name a method, as \"bp.storage.records/1.Get\""));
  }
  rest::Endpoint made{from.method,
                      std::move(*pattern),
                      {},
                      std::move(method->service),
                      std::move(method->name),
                      timeout_default_ms};
  auto parameters = parameters_of(key + "query", from.query, credentials);
  BP_TRY(parameters);
  made.query = std::move(*parameters);
  if (from.timeout) {
    if (from.timeout->count() < 1 || from.timeout->count() > call_timeout_ms_max) {
      return std::unexpected(
          wrong(key + "timeout", fmt::format("must be from 1ms to {}ms", call_timeout_ms_max)));
    }
    made.timeout_ms = static_cast<std::uint32_t>(from.timeout->count());
  }
  return made;
}

bp::result<rest::DirectorySettings> directory_settings(const std::vector<std::string>& http_paths,
                                                       std::uint32_t http_routes) {
  if (http_paths.size() > http_paths_max) {
    return bp::fail(BP_E_CONFIG, fmt::format("'http_paths' holds {}; at most {} are possible",
                                             http_paths.size(), http_paths_max));
  }
  constexpr std::uint32_t routes_ceiling = 4'096;
  if (http_routes < 1 || http_routes > routes_ceiling) {
    return bp::fail(BP_E_CONFIG,
                    fmt::format("'limits.http_routes' must be from 1 to {}", routes_ceiling));
  }
  auto allowed = rest::PathList::parse(http_paths);
  if (!allowed) {
    return std::unexpected(std::move(allowed).error().during("reading 'http_paths'"));
  }
  return rest::DirectorySettings{std::move(*allowed), http_routes};
}

bp::result<std::vector<rest::Endpoint>> endpoints_of(const std::vector<EndpointConfiguration>& from,
                                                     std::uint32_t timeout_default_ms,
                                                     std::string_view credentials) {
  if (from.size() > endpoints_max) {
    return bp::fail(BP_E_CONFIG, fmt::format("'http' holds {}; at most {} are possible",
                                             from.size(), endpoints_max));
  }
  std::vector<rest::Endpoint> all;
  for (const EndpointConfiguration& each : from) {
    const std::string key = fmt::format("http[{}]", all.size());
    auto made = endpoint_of(key + ".", each, timeout_default_ms, credentials);
    BP_TRY(made);
    const auto twin = std::ranges::find_if(all, [&](const rest::Endpoint& other) {
      return other.verb == made->verb && other.pattern.shape() == made->pattern.shape();
    });
    if (twin != all.end()) {
      return std::unexpected(wrong(key, fmt::format("'http[{}]' serves {} {} already",
                                                    twin - all.begin(), each.method, each.path)));
    }
    all.push_back(std::move(*made));
  }
  return all;
}

}  // namespace transport_ws::edge
