// host/slot/permissions.hpp - which channels and services an instance may touch.
//
// In-process this is a contract, not a sandbox: the worker enforces it.
// Owns: the patterns. Thread: immutable. Errors: PERMISSION, naming what to grant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/error/error.hpp"

namespace host::slot {

// Patterns of name::matches().
struct Permissions {
  std::vector<std::string> publish;
  std::vector<std::string> subscribe;
  std::vector<std::string> provide;
  std::vector<std::string> use;
  std::vector<std::string> snapshot =
      {};                               // whose metrics; given to whoever asks in its plugin.json
  std::vector<std::string> watch = {};  // names that may be seen beyond those that may be used

  [[nodiscard]] bool sees_channel(std::string_view name) const;
  [[nodiscard]] bool sees_service(std::string_view name) const;

  // "publish", publish, "events", "ws"
  [[nodiscard]] error::Result<void> allow(std::string_view verb,
                                          const std::vector<std::string>& patterns,
                                          std::string_view name, std::string_view instance) const;
};

}  // namespace host::slot
