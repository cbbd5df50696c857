// plugins/transport_ws/http/sharing.hpp - which answers a browser lets pages of other origins read:
// the CORS protocol of the Fetch standard.
//
// Credentials that the browser adds by itself (cookies) open nothing: there is no
// Access-Control-Allow-Credentials. Thread: values.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "http/origin.hpp"

namespace transport_ws::http {

/// What every answer to a plain request carries. `origin`: of the request; none: no page asked.
[[nodiscard]] std::vector<Field> sharing_fields(const OriginPolicy& origins,
                                                std::optional<std::string_view> origin);

/// A browser asks whether a page may send what it wants to.
[[nodiscard]] bool is_preflight(const Request& request);

/// What allows it, beside sharing_fields(). `methods`: "GET, HEAD".
[[nodiscard]] std::vector<Field> preflight_fields(std::string_view methods);

}  // namespace transport_ws::http
