// plugins/transport_ws/auth/principal.hpp - who a connection belongs to and what it may do.
//
// Thread: values; shared between threads only as const.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backplane/cpp/error.hpp"

namespace transport_ws::auth {

using Time = std::chrono::sys_time<std::chrono::milliseconds>;

/// Does `text` fit the pattern? '*' stands for any characters, also for none.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view text) noexcept;

/// An empty list allows nothing.
[[nodiscard]] bool any_matches(const std::vector<std::string>& patterns,
                               std::string_view text) noexcept;

/// Patterns of what is allowed; nothing else is.
struct Grants {
  std::vector<std::string> publish;    // channels and topics
  std::vector<std::string> subscribe;  // channels and topics
  std::vector<std::string> call;  // "bp.storage.records/1" (all methods), "bp.storage.kv/1.Get"
};

struct Principal {
  std::string name;
  Grants grants;
  std::optional<Time> expires;

  [[nodiscard]] bool may_publish(std::string_view channel) const noexcept;
  [[nodiscard]] bool may_subscribe(std::string_view channel) const noexcept;
  [[nodiscard]] bool may_call(std::string_view service, std::string_view method) const;
};

/// PERMISSION, with the list ("publish", "subscribe", "call") where it is missing.
[[nodiscard]] bp::error not_allowed(const Principal& who, std::string_view list,
                                    std::string_view what);

}  // namespace transport_ws::auth
