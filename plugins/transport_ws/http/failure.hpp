// plugins/transport_ws/http/failure.hpp - how a client is told that its request failed.
//
// Plain requests of the first listener get {"error": {code, message, context}}, whoever refuses
// them. Thread: values.
#pragma once

#include <string_view>

#include "http/message.hpp"

namespace transport_ws::http {

inline constexpr std::string_view json_type = "application/json";

/// `code`: of abi/status.def. `context`: JSON strings with commas between them.
[[nodiscard]] Response failure(unsigned status, std::string_view code, std::string_view message,
                               std::string_view context = {});

/// With the code and the fields that belong to its status.
[[nodiscard]] Response failure(const Refusal& refusal);

/// The reason as text, with the fields that belong to its status.
[[nodiscard]] Response failure_in_words(const Refusal& refusal);

}  // namespace transport_ws::http
