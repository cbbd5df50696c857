// plugins/storage_sqlite/service/spaces.cpp - own namespaces, and grants for others.
#include "service/spaces.hpp"

#include <algorithm>

#include "engine/text.hpp"
#include "kv/kv.hpp"

namespace storage_sqlite::service {
namespace {

constexpr std::string_view operators_space = "default";

bool fits(std::string_view pattern, std::string_view id) {
  return pattern.ends_with('*') ? id.starts_with(pattern.substr(0, pattern.size() - 1))
                                : id == pattern;
}

bool any_fits(const std::vector<std::string>& patterns, std::string_view id) {
  return std::ranges::any_of(patterns,
                             [id](const std::string& pattern) { return fits(pattern, id); });
}

}  // namespace

bp::result<std::string> Spaces::resolve(std::string_view caller, std::string_view asked,
                                        Right right) const {
  if (caller.empty()) {
    return std::string(asked.empty() ? operators_space : asked);
  }
  if (asked.empty() || asked == caller) {
    return std::string(caller);
  }
  if (granted(caller, asked, right)) {
    return std::string(asked);
  }
  const std::string may = right == Right::Read ? "read" : "write";
  return bp::fail(BP_E_PERMISSION, "FORBIDDEN: instance '" + std::string(caller) + "' may not " +
                                       may + " the namespace '" + std::string(asked) +
                                       "'; name it under `namespaces` in the storage's "
                                       "configuration, or leave `space` out");
}

bool Spaces::granted(std::string_view caller, std::string_view space, Right right) const {
  const auto found = grants_.find(std::string(space));
  if (found == grants_.end()) {
    return false;
  }
  return any_fits(found->second.write, caller) ||
         (right == Right::Read && any_fits(found->second.read, caller));
}

bp::result<void> check(const Grants& grants) {
  for (const auto& [space, grant] : grants) {
    if (!engine::is_name(space, kv::space_bytes_max)) {
      return bp::fail(BP_E_CONFIG, "`namespaces`: '" + space + "' is not 1 to " +
                                       std::to_string(kv::space_bytes_max) +
                                       " of A-Z a-z 0-9 . _ -");
    }
    for (const auto* patterns : {&grant.read, &grant.write}) {
      if (std::ranges::find(*patterns, std::string()) != patterns->end()) {
        return bp::fail(BP_E_CONFIG, "`namespaces`: '" + space +
                                         "' is granted to an empty id; name instances, or \"*\"");
      }
    }
  }
  return {};
}

}  // namespace storage_sqlite::service
