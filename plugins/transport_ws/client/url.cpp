// plugins/transport_ws/client/url.cpp - taking a WebSocket address apart.
#include "client/url.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

#include <fmt/format.h>

namespace transport_ws::client {

namespace {

constexpr std::string_view plain_scheme = "ws://";
constexpr std::string_view secure_scheme = "wss://";

bool is_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() && port != 0;
}

// Nothing that could end the request line or a header field.
bool is_plain(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

}  // namespace

bp::result<Url> parse_url(const std::string& text) {
  const std::string_view whole = text;
  const bool secure = whole.starts_with(secure_scheme);
  const std::string_view scheme = secure ? secure_scheme : plain_scheme;
  if (!whole.starts_with(scheme) || !is_plain(whole)) {
    return bp::fail(
        BP_E_CONFIG,
        fmt::format("'{}' is no WebSocket address: write wss://host:port/path or ws://", text));
  }
  const std::string_view rest = whole.substr(scheme.size(), whole.find('#') - scheme.size());
  const std::size_t path = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view authority = rest.substr(0, path);
  const std::size_t bracket = authority.find(']');
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  std::string_view host = authority.substr(0, colon);
  const std::string_view usual_port = secure ? "443" : "80";
  const std::string_view port =
      colon == std::string_view::npos ? usual_port : authority.substr(colon + 1);
  Url url;
  url.secure = secure;
  url.host_field = authority;
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  }
  if (host.empty() || host.find('@') != std::string_view::npos || !is_port(port)) {
    return bp::fail(BP_E_CONFIG,
                    fmt::format("'{}' is no WebSocket address: host or port is wrong", text));
  }
  url.host = host;
  url.port = port;
  url.target = rest.substr(path);
  if (!url.target.starts_with('/')) {
    url.target.insert(0, "/");
  }
  return url;
}

std::string without_query(const Url& url) {
  return fmt::format("{}{}{}", url.secure ? secure_scheme : plain_scheme, url.host_field,
                     std::string_view(url.target).substr(0, url.target.find('?')));
}

}  // namespace transport_ws::client
