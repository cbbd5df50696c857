// tests/host/registry/samples.hpp - channels and services to be registered.
#pragma once

#include <memory>
#include <string>

#include "host/registry/registry.hpp"

namespace host::registry {

inline channel::Settings broadcast(const std::string& name) {
  channel::Settings settings;
  settings.name = name;
  settings.kind = BP_KIND_BROADCAST;
  settings.type = "json";
  return settings;
}

inline ServiceEntry service(const std::string& owner, std::uint32_t minor,
                            const std::string& name = "bp.a", std::uint32_t major = 1) {
  return {std::make_shared<service::Service>(
              service::Service::Description{
                  name, major, minor, owner, {{1, 0, "M", "bytes", "bytes", nullptr, nullptr}}},
              std::weak_ptr<service::Provider>{}, 0),
          nullptr};
}

}  // namespace host::registry
