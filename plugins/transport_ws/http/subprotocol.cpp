// plugins/transport_ws/http/subprotocol.cpp - reading the client's offer.
#include "http/subprotocol.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace transport_ws::http {

namespace {

constexpr std::string_view offer_field = "Sec-WebSocket-Protocol";

// The offer may be spread over several fields.
std::vector<std::string_view> offered_by(const Request& request) {
  std::vector<std::string_view> offered;
  for (const std::string_view list : request.all(offer_field)) {
    for (std::size_t at = 0; at <= list.size();) {
      const std::size_t comma = std::min(list.find(',', at), list.size());
      if (const auto name = trimmed(list.substr(at, comma - at)); !name.empty()) {
        offered.push_back(name);
      }
      at = comma + 1;
    }
  }
  return offered;
}

}  // namespace

bool is_token(std::string_view text) noexcept {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           marks.find(c) != std::string_view::npos;
  });
}

std::expected<std::string, Refusal> choose_subprotocol(const Request& request,
                                                       const std::vector<std::string>& spoken) {
  const auto offered = offered_by(request);
  if (offered.empty() || spoken.empty()) {
    return std::string();
  }
  for (const std::string& each : spoken) {
    if (std::ranges::find(offered, each) != offered.end()) {
      return each;
    }
  }
  return std::unexpected(Refusal{
      400, fmt::format("no subprotocol in common; here is spoken {}", fmt::join(spoken, ", "))});
}

}  // namespace transport_ws::http
