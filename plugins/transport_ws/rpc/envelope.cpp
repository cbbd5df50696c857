// plugins/transport_ws/rpc/envelope.cpp - reading and writing the envelope.
#include "rpc/envelope.hpp"

#include <fmt/format.h>

#include "limits.hpp"

namespace transport_ws::rpc {

namespace {

bool is_id(const json::Child& id) noexcept {
  return (id.kind == json::Kind::String || id.kind == json::Kind::Number ||
          id.kind == json::Kind::Null) &&
         id.text.size() <= request_id_bytes_max;
}

}  // namespace

std::expected<Request, Fault> parse_request(const json::Value& message) {
  const auto invalid = [](std::string_view id, std::string_view why) {
    return std::unexpected(error(id, invalid_request, why));
  };
  if (message.kind != json::Kind::Object) {
    return invalid("null", "a request is an object");
  }
  Request request;
  if (const json::Child* id = message.find("id")) {
    if (!is_id(*id)) {
      return invalid("null",
                     fmt::format("'id' must be a string, a number or null of at most {} bytes",
                                 request_id_bytes_max));
    }
    request.id = id->text;
  }
  const std::string_view answer_to = request.id.empty() ? "null" : std::string_view(request.id);
  const json::Child* version = message.find("jsonrpc");
  if (version == nullptr || version->text != R"("2.0")") {
    return invalid(answer_to, R"('jsonrpc' must be "2.0")");
  }
  const json::Child* method = message.find("method");
  if (method == nullptr || method->kind != json::Kind::String ||
      method->text.size() > name_bytes_max) {
    return invalid(answer_to, "'method' must be a string");
  }
  request.method = json::unquoted(method->text);
  if (const json::Child* params = message.find("params")) {
    if (params->kind != json::Kind::Object && params->kind != json::Kind::Array) {
      return invalid(answer_to, "'params' must be an object");
    }
    request.params = params->text;
  }
  return request;
}

std::string result(std::string_view id, std::string_view result_json) {
  return fmt::format(R"({{"jsonrpc":"2.0","id":{},"result":{}}})", id, result_json);
}

std::string error(std::string_view id, Code code, std::string_view message) {
  return fmt::format(R"({{"jsonrpc":"2.0","id":{},"error":{{"code":{},"message":{}}}}})", id, code,
                     json::quoted(message));
}

std::string error(std::string_view id, const bp::error& failure) {
  std::string context;
  for (const std::string& link : failure.context()) {
    context += context.empty() ? "" : ",";
    context += json::quoted(link);
  }
  const std::string message = json::quoted(failure.message());
  return fmt::format(R"({{"jsonrpc":"2.0","id":{},"error":{{"code":{},"message":{},)"
                     R"("data":{{"code":"{}","message":{},"context":[{}]}}}}}})",
                     id, application_error, message, code_name(failure.code()), message, context);
}

std::string code_name(bp_status code) {
  std::string_view name = "UNKNOWN";
  switch (code) {
#define BP_STATUS(status, number, exit_code, http_status, sentence) \
  case (number):                                                    \
    name = #status;                                                 \
    break;
#include "backplane/abi/status.def"
#undef BP_STATUS
    default:
      if (code <= BP_E_PLUGIN_FIRST) {
        return fmt::format("PLUGIN_{}", -static_cast<long long>(code));
      }
  }
  return std::string(name.starts_with("E_") ? name.substr(2) : name);
}

std::string batch(const std::vector<std::string>& answers) {
  return fmt::format("[{}]", fmt::join(answers, ","));
}

}  // namespace transport_ws::rpc
