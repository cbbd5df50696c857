// host/slot/permissions.cpp - glob matching without backtracking trees.
#include "host/slot/permissions.hpp"

#include <algorithm>

namespace host::slot {

bool matches(std::string_view pattern, std::string_view name) noexcept {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t mark = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') {
    ++p;
  }
  return p == pattern.size();
}

error::Result<void> Permissions::allow(std::string_view verb,
                                       const std::vector<std::string>& patterns,
                                       std::string_view name, std::string_view instance) const {
  if (std::ranges::any_of(patterns,
                          [&](const std::string& pattern) { return matches(pattern, name); })) {
    return {};
  }
  return error::fail(BP_E_PERMISSION, "instance '" + std::string(instance) + "' may not " +
                                          std::string(verb) + " '" + std::string(name) +
                                          "'; fix: grant it in plugins." + std::string(instance) +
                                          ".permissions." + std::string(verb) +
                                          ", or let the plugin's plugin.json ask for it");
}

}  // namespace host::slot
