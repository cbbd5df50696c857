// plugins/transport_ws/http/extension.cpp - reading the client's offers of extensions.
#include "http/extension.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "frame/deflater.hpp"
#include "http/subprotocol.hpp"

namespace transport_ws::http {

namespace {

constexpr std::string_view offer_field = "Sec-WebSocket-Extensions";
constexpr std::string_view extension = "permessage-deflate";

// Not within quotes: a quoted value may hold any mark.
std::vector<std::string_view> split(std::string_view text, char mark) {
  std::vector<std::string_view> parts;
  std::size_t from = 0;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (quoted && text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      quoted = !quoted;
    } else if (!quoted && text[at] == mark) {
      parts.push_back(trimmed(text.substr(from, at - from)));
      from = at + 1;
    }
  }
  parts.push_back(trimmed(text.substr(from)));
  return parts;
}

// 8 to 15, in digits without a leading zero, bare or quoted; 0: it is none of them.
int window_of(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  if (value == "8" || value == "9") {
    return value[0] - '0';
  }
  const bool two = value.size() == 2 && value[0] == '1' && value[1] >= '0' && value[1] <= '5';
  return two ? 10 + (value[1] - '0') : 0;
}

enum class Parameter : std::uint8_t {
  ServerNoContext,
  ClientNoContext,
  ServerWindow,
  ClientWindow,
  Unknown
};

Parameter parameter_of(std::string_view name) {
  constexpr std::array<std::string_view, 4> names{
      "server_no_context_takeover", "client_no_context_takeover", "server_max_window_bits",
      "client_max_window_bits"};
  const auto found =
      std::ranges::find_if(names, [&](std::string_view each) { return same_name(each, name); });
  return static_cast<Parameter>(found - names.begin());
}

// One parameter of an offer; false: the offer cannot be taken.
bool read_parameter(std::string_view text, unsigned& seen, std::optional<int>& server_window) {
  const std::size_t equals = text.find('=');
  const Parameter parameter = parameter_of(trimmed(text.substr(0, equals)));
  const std::optional<std::string_view> value =
      equals == std::string_view::npos ? std::nullopt
                                       : std::optional(trimmed(text.substr(equals + 1)));
  const unsigned bit = 1U << static_cast<unsigned>(parameter);
  if (parameter == Parameter::Unknown || (seen & bit) != 0) {
    return false;
  }
  seen |= bit;
  switch (parameter) {
    case Parameter::ServerWindow:
      server_window = value ? window_of(*value) : 0;
      return *server_window >= frame::window_bits_min;
    case Parameter::ClientWindow:
      return !value || window_of(*value) != 0;  // a hint; every window can be inflated here
    default:
      return !value;
  }
}

std::optional<Deflate> take(std::string_view offer) {
  const auto parts = split(offer, ';');
  if (!same_name(parts.front(), extension)) {
    return std::nullopt;
  }
  unsigned seen = 0;
  std::optional<int> server_window;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (!read_parameter(parts[i], seen, server_window)) {
      return std::nullopt;
    }
  }
  std::string answer =
      fmt::format("{}; server_no_context_takeover; client_no_context_takeover", extension);
  if (server_window) {
    answer += fmt::format("; server_max_window_bits={}", *server_window);
  }
  return Deflate{server_window.value_or(frame::window_bits_max), std::move(answer)};
}

}  // namespace

std::optional<Deflate> choose_deflate(const Request& request) {
  for (const std::string_view list : request.all(offer_field)) {
    for (const std::string_view offer : split(list, ',')) {
      if (auto taken = take(offer)) {
        return taken;
      }
    }
  }
  return std::nullopt;
}

}  // namespace transport_ws::http
