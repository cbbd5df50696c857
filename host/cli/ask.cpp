// host/cli/ask.cpp - the host's refusals become errors again.
#include "host/cli/ask.hpp"

#include <string>
#include <utility>

#include <rapidjson/document.h>

#include "host/admin/client.hpp"

namespace host::cli {

namespace {

bp_status code_named(std::string_view name) {
  const std::pair<std::string_view, bp_status> codes[] = {
#define BP_STATUS(code_name, number, exit_code, http_status, sentence) {#code_name, (number)},
#include "backplane/abi/status.def"
#undef BP_STATUS
  };
  for (const auto& [code_name, code] : codes) {
    if (code_name == name || (code_name.starts_with("E_") && code_name.substr(2) == name)) {
      return code;
    }
  }
  return BP_E_UNKNOWN;
}

// The host's {"code","message","context"} as an error again.
error::Error error_of(const admin::ClientReply& reply) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(reply.body.data(), reply.body.size());
  if (!document.IsObject() || !document.HasMember("code") || !document["code"].IsString() ||
      !document.HasMember("message") || !document["message"].IsString()) {
    return {BP_E_UNKNOWN, "HTTP status " + std::to_string(reply.status) + ": " + reply.body};
  }
  error::Error error(code_named(document["code"].GetString()), document["message"].GetString());
  if (document.HasMember("context") && document["context"].IsArray()) {
    for (const auto& link : document["context"].GetArray()) {
      error = std::move(error).during(link.IsString() ? link.GetString() : "");
    }
  }
  return error;
}

}  // namespace

error::Result<std::string> ask(const Place& place, const std::string& method,
                               const std::string& target, const std::string& body,
                               const std::function<bool(std::string_view)>& on_line) {
  auto socket = socket_of(place);
  if (!socket) {
    return std::unexpected(std::move(socket).error());
  }
  auto reply = admin::request(*socket, method, target, body, on_line);
  if (!reply) {
    return std::unexpected(std::move(reply).error());
  }
  if (reply->status >= 300) {
    return std::unexpected(error_of(*reply));
  }
  return std::move(reply->body);
}

}  // namespace host::cli
