// plugins/transport_ws/http/origin.cpp - matching of origins.
#include "http/origin.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace transport_ws::http {

namespace {

constexpr std::string_view scheme_end = "://";

bool matches(std::string_view pattern, std::string_view origin) noexcept {
  if (pattern == "*" || pattern == origin) {
    return true;
  }
  const auto star = pattern.find("://*.");
  if (star == std::string_view::npos) {
    return false;
  }
  const std::string_view scheme = pattern.substr(0, star + scheme_end.size());
  const std::string_view suffix = pattern.substr(scheme.size() + 1);  // ".example.org"
  return origin.size() > scheme.size() + suffix.size() && origin.starts_with(scheme) &&
         origin.ends_with(suffix);
}

bool is_port(std::string_view text) noexcept {
  return text.empty() ||
         (text.size() > 1 && text.front() == ':' &&
          std::ranges::all_of(text.substr(1), [](char c) { return c >= '0' && c <= '9'; }));
}

bool is_loopback(std::string_view origin) noexcept {
  const auto scheme = origin.find(scheme_end);
  if (scheme == std::string_view::npos ||
      (origin.substr(0, scheme) != "http" && origin.substr(0, scheme) != "https")) {
    return false;
  }
  const std::string_view host = origin.substr(scheme + scheme_end.size());
  constexpr std::array<std::string_view, 3> names = {"localhost", "127.0.0.1", "[::1]"};
  return std::ranges::any_of(names, [&](std::string_view name) {
    return host.starts_with(name) && is_port(host.substr(name.size()));
  });
}

}  // namespace

bool OriginPolicy::allows(std::string_view origin) const noexcept {
  return std::ranges::any_of(
             allowed_, [&](const std::string& pattern) { return matches(pattern, origin); }) ||
         (loopback_ && is_loopback(origin));
}

}  // namespace transport_ws::http
