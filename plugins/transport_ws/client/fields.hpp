// plugins/transport_ws/client/fields.hpp - what a client may add to the header of its handshake.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/message.hpp"

namespace transport_ws::client {

/// What is wrong with it, if anything. The text names the field and never its value, which may be a
/// secret.
[[nodiscard]] std::optional<std::string> problem_of(const http::Field& field);

/// The same of all of them together.
[[nodiscard]] std::optional<std::string> problem_of(const std::vector<http::Field>& fields);

}  // namespace transport_ws::client
