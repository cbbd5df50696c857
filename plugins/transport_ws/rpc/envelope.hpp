// plugins/transport_ws/rpc/envelope.hpp - the envelope of JSON-RPC 2.0: requests in, answers out.
// Knows no method and no transport.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backplane/cpp/error.hpp"

#include "json/json.hpp"

namespace transport_ws::rpc {

/// The numbers of the specification, and the one for everything the backplane reports.
using Code = int;
inline constexpr Code parse_error = -32700;
inline constexpr Code invalid_request = -32600;
inline constexpr Code method_not_found = -32601;
inline constexpr Code invalid_params = -32602;
inline constexpr Code application_error = -32000;

struct Request {
  std::string id;  // as the client wrote it (a string, number or null); empty: a notification
  std::string method;
  std::string_view params;  // an object's text; empty: none were given
};

/// A ready answer instead of a request: what was wrong with it.
using Fault = std::string;

/// A single value that was split before.
[[nodiscard]] std::expected<Request, Fault> parse_request(const json::Value& message);

[[nodiscard]] std::string result(std::string_view id, std::string_view result_json);
[[nodiscard]] std::string error(std::string_view id, Code code, std::string_view message);
/// An error of the backplane: {code: -32000, message, data: {code, message, context}}.
[[nodiscard]] std::string error(std::string_view id, const bp::error& failure);

/// "NOT_FOUND"; a plugin's own codes are "PLUGIN_<n>".
[[nodiscard]] std::string code_name(bp_status code);

[[nodiscard]] std::string batch(const std::vector<std::string>& answers);

}  // namespace transport_ws::rpc
