// plugins/transport_ws/edge/client_policy.hpp - what plugins may open connections to, and how those
// are kept.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "client/allow_list.hpp"
#include "client/outbound.hpp"
#include "edge/configuration.hpp"

namespace transport_ws::edge {

struct ClientPolicy {
  client::AllowList allowed;
  std::uint32_t opened_max = clients_max_default;
  std::set<std::string> configured;
  client::ClientSettings basis;  // without hello, headers and retries
};

/// Errors: CONFIG, naming the key.
[[nodiscard]] bp::result<ClientPolicy> client_policy(const Configuration& configuration);

}  // namespace transport_ws::edge
