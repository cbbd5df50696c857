// plugins/transport_ws/auth/principal.cpp - patterns and what they allow.
#include "auth/principal.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace transport_ws::auth {

// Linear in practice: on a mismatch only the last '*' takes one more character.
bool matches(std::string_view pattern, std::string_view text) noexcept {
  std::size_t at = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_took = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      star_took = i;
    } else if (at < pattern.size() && pattern[at] == text[i]) {
      ++at;
      ++i;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      i = ++star_took;
    } else {
      return false;
    }
  }
  return pattern.substr(at).find_first_not_of('*') == std::string_view::npos;
}

bool any_matches(const std::vector<std::string>& patterns, std::string_view text) noexcept {
  return std::ranges::any_of(patterns,
                             [&](const std::string& pattern) { return matches(pattern, text); });
}

bp::error not_allowed(const Principal& who, std::string_view list, std::string_view what) {
  return {BP_E_PERMISSION,
          fmt::format("'{}' may not {} '{}'; fix: add it to the '{}' list of its credentials",
                      who.name, list, what, list)};
}

bool Principal::may_publish(std::string_view channel) const noexcept {
  return any_matches(grants.publish, channel);
}

bool Principal::may_subscribe(std::string_view channel) const noexcept {
  return any_matches(grants.subscribe, channel);
}

bool Principal::may_call(std::string_view service, std::string_view method) const {
  const std::string both = std::string(service).append(".").append(method);
  return any_matches(grants.call, service) || any_matches(grants.call, both);
}

}  // namespace transport_ws::auth
