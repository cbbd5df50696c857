// plugins/transport_ws/edge/client_directory.cpp - who may do what with which client.
#include "edge/client_directory.hpp"

#include <fmt/format.h>

namespace transport_ws::edge {

bp::result<void> ClientDirectory::add(const std::string& name, const std::string& owner) {
  if (is_configured(name) || owners_.contains(name)) {
    return bp::fail(BP_E_EXISTS,
                    fmt::format("there is a client '{}' already; List tells whose it is", name));
  }
  if (owners_.size() >= opened_max_) {
    return bp::fail(BP_E_BUSY,
                    fmt::format("{} clients were opened already ('limits.clients')", opened_max_));
  }
  owners_.emplace(name, owner);
  return {};
}

bp::result<void> ClientDirectory::may_send(const std::string& name,
                                           const std::string& caller) const {
  return is_configured(name) ? bp::result<void>() : check_owner(name, caller);
}

bp::result<void> ClientDirectory::may_close(const std::string& name,
                                            const std::string& caller) const {
  if (is_configured(name)) {
    return bp::fail(
        BP_E_PERMISSION,
        fmt::format("client '{}' belongs to the configuration; fix: remove it there", name));
  }
  return check_owner(name, caller);
}

std::string ClientDirectory::owner_of(const std::string& name) const {
  const auto found = owners_.find(name);
  return found == owners_.end() ? std::string() : found->second;
}

bp::result<void> ClientDirectory::check_owner(const std::string& name,
                                              const std::string& caller) const {
  const auto found = owners_.find(name);
  if (found == owners_.end()) {
    return bp::fail(BP_E_NOT_FOUND,
                    fmt::format("no client '{}'; the configuration names them in 'clients', and "
                                "bp.transport.client/1 Connect opens more",
                                name));
  }
  if (!caller.empty() && found->second != caller) {
    return bp::fail(
        BP_E_PERMISSION,
        fmt::format("client '{}' belongs to {}", name,
                    found->second.empty() ? "the operator" : "instance '" + found->second + "'"));
  }
  return {};
}

}  // namespace transport_ws::edge
