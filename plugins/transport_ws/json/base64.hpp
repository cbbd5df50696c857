// plugins/transport_ws/json/base64.hpp - bytes in JSON texts (RFC 4648 section 4).
//
// Thread: values.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace transport_ws::json {

[[nodiscard]] std::string to_base64(std::string_view bytes);

/// None: `text` is not base64 with its padding.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace transport_ws::json
