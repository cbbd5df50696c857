// plugins/transport_ws/http/failure.cpp - the body, and what a status asks for beside it.
#include "http/failure.hpp"

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "json/json.hpp"

namespace transport_ws::http {

namespace {

// HTTP tells apart more than the table of codes does.
std::string_view code_of(unsigned status) noexcept {
  switch (status) {
    case 401:
    case 403:
      return "PERMISSION";
    case 404:
      return "NOT_FOUND";
    case 405:
    case 415:
    case 417:
    case 426:
      return "UNSUPPORTED";
    case 413:
    case 431:
      return "TOO_LARGE";
    case 429:
      return "BUSY";
    case 503:
      return "UNAVAILABLE";
    default:
      return "INVALID";
  }
}

std::vector<Field> fields_of(unsigned status) {
  if (status == 426) {
    return {{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}};
  }
  if (status == 401) {
    return {{"WWW-Authenticate", "Bearer"}};
  }
  return {};
}

}  // namespace

Response failure(unsigned status, std::string_view code, std::string_view message,
                 std::string_view context) {
  Response response;
  response.status = status;
  response.content_type = json_type;
  response.body = fmt::format(R"({{"error":{{"code":"{}","message":{},"context":[{}]}}}})", code,
                              json::quoted(message), context);
  response.fields = fields_of(status);
  return response;
}

Response failure(const Refusal& refusal) {
  return failure(refusal.status, code_of(refusal.status), refusal.reason);
}

Response failure_in_words(const Refusal& refusal) {
  Response response;
  response.status = refusal.status;
  response.body = refusal.reason + "\n";
  response.fields = fields_of(refusal.status);
  return response;
}

}  // namespace transport_ws::http
