// plugins/transport_ws/edge/client_policy.cpp - 'client_urls' and 'limits.clients'.
#include "edge/client_policy.hpp"

#include <utility>

#include <fmt/format.h>

namespace transport_ws::edge {

bp::result<ClientPolicy> client_policy(const Configuration& configuration) {
  constexpr std::uint32_t opened_ceiling = 1'000;
  ClientPolicy policy;
  if (configuration.client_urls.size() > client_urls_max) {
    return bp::fail(BP_E_CONFIG, fmt::format("'client_urls' holds {}; at most {} are possible",
                                             configuration.client_urls.size(), client_urls_max));
  }
  auto allowed = client::AllowList::parse(configuration.client_urls);
  if (!allowed) {
    return std::unexpected(std::move(allowed).error().during("reading 'client_urls'"));
  }
  policy.allowed = std::move(*allowed);
  policy.opened_max = configuration.limits.clients;
  if (policy.opened_max < 1 || policy.opened_max > opened_ceiling) {
    return bp::fail(BP_E_CONFIG,
                    fmt::format("'limits.clients' must be from 1 to {}", opened_ceiling));
  }
  for (const auto& [name, of] : configuration.clients) {
    policy.configured.insert(name);
  }
  policy.basis = client_basis(configuration);
  return policy;
}

}  // namespace transport_ws::edge
