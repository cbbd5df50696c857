// host/slot/permissions.cpp - any pattern that matches is enough; a refusal says what to grant.
#include "host/slot/permissions.hpp"

#include <algorithm>

#include "host/name/glob.hpp"

namespace host::slot {

namespace {

bool any_matches(const std::vector<std::string>& patterns, std::string_view name) {
  return std::ranges::any_of(
      patterns, [&](const std::string& pattern) { return name::matches(pattern, name); });
}

}  // namespace

bool Permissions::sees_channel(std::string_view name) const {
  return any_matches(publish, name) || any_matches(subscribe, name) || any_matches(watch, name);
}

bool Permissions::sees_service(std::string_view name) const {
  return any_matches(provide, name) || any_matches(use, name) || any_matches(watch, name);
}

error::Result<void> Permissions::allow(std::string_view verb,
                                       const std::vector<std::string>& patterns,
                                       std::string_view name, std::string_view instance) const {
  if (any_matches(patterns, name)) {
    return {};
  }
  return error::fail(BP_E_PERMISSION, "instance '" + std::string(instance) + "' may not " +
                                          std::string(verb) + " '" + std::string(name) +
                                          "'; fix: grant it in plugins." + std::string(instance) +
                                          ".permissions." + std::string(verb) +
                                          ", or let the plugin's plugin.json ask for it");
}

}  // namespace host::slot
