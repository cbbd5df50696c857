// plugins/transport_ws/edge/http_configuration.hpp - the configuration's `http`: plain requests of
// the first listener that call services.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backplane/cpp/config.hpp"

#include "rest/directory.hpp"
#include "rest/table.hpp"

namespace transport_ws::edge {

struct EndpointConfiguration {
  std::string method;
  std::string path;
  std::string call;
  std::vector<std::string> query;
  std::optional<std::chrono::milliseconds> timeout;  // none: limits.call_timeout

  static constexpr auto fields =
      bp::fields(bp::field<&EndpointConfiguration::method>("method"),
                 bp::field<&EndpointConfiguration::path>("path"),
                 bp::field<&EndpointConfiguration::call>("call"),
                 bp::field<&EndpointConfiguration::query>("query").or_default(),
                 bp::field<&EndpointConfiguration::timeout>("timeout").or_default());
};

/// `key`: of what it is read from, before the names of its members ("http[2]."). `credentials`: of
/// 'auth.query', a name that no parameter may have. Errors: CONFIG, naming the key.
[[nodiscard]] bp::result<rest::Endpoint> endpoint_of(const std::string& key,
                                                     const EndpointConfiguration& from,
                                                     std::uint32_t timeout_default_ms,
                                                     std::string_view credentials);

/// 'http_paths' and 'limits.http_routes'. Errors: CONFIG, naming the key.
[[nodiscard]] bp::result<rest::DirectorySettings> directory_settings(
    const std::vector<std::string>& http_paths, std::uint32_t http_routes);

/// Errors: CONFIG, naming the key.
[[nodiscard]] bp::result<std::vector<rest::Endpoint>> endpoints_of(
    const std::vector<EndpointConfiguration>& from, std::uint32_t timeout_default_ms,
    std::string_view credentials);

}  // namespace transport_ws::edge
