// plugins/transport_ws/topic/pattern.cpp - matching with one place to fall back to, so that no
// pattern makes it slow.
#include "topic/pattern.hpp"

#include <algorithm>

namespace transport_ws::topic {

bool matches(std::string_view pattern, std::string_view name) noexcept {
  std::size_t at = 0;
  std::size_t star = std::string_view::npos;  // the last `*`: only it may have to take more
  std::size_t from_star = 0;
  for (std::size_t i = 0; i < name.size();) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      from_star = i;
    } else if (at < pattern.size() && pattern[at] == name[i]) {
      ++at;
      ++i;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      i = ++from_star;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

bool allows(const std::vector<std::string>& patterns, std::string_view name) noexcept {
  return std::ranges::any_of(patterns,
                             [&](const std::string& pattern) { return matches(pattern, name); });
}

}  // namespace transport_ws::topic
