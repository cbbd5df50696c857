// plugins/transport_ws/client/fields.cpp - no field may end the header early or change what the
// request is.
#include "client/fields.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "http/subprotocol.hpp"
#include "limits.hpp"

namespace transport_ws::client {

namespace {

// The handshake's own, and those that would announce a body.
constexpr std::array<std::string_view, 8> taken{
    "host", "upgrade", "connection", "content-length", "transfer-encoding",
    "te",   "trailer", "expect"};

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

bool is_control(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7F;
}

}  // namespace

std::optional<std::string> problem_of(const http::Field& field) {
  if (!http::is_token(field.name)) {
    return "the name of a header must be a token, as \"Authorization\"";
  }
  const std::string name = lower(field.name);
  if (name.starts_with("sec-websocket-") || std::ranges::find(taken, name) != taken.end()) {
    return fmt::format("header '{}' belongs to the handshake itself", field.name);
  }
  if (field.value.size() > client_field_bytes_max || std::ranges::any_of(field.value, is_control)) {
    return fmt::format("the value of header '{}' must hold at most {} bytes and no line breaks",
                       field.name, client_field_bytes_max);
  }
  return std::nullopt;
}

std::optional<std::string> problem_of(const std::vector<http::Field>& fields) {
  if (fields.size() > client_fields_max) {
    return fmt::format("there may be {} headers, not {}", client_fields_max, fields.size());
  }
  for (const http::Field& field : fields) {
    if (auto problem = problem_of(field)) {
      return problem;
    }
  }
  return std::nullopt;
}

}  // namespace transport_ws::client
