// plugins/transport_ws/rest/path_list.cpp - paths and trees of paths.
#include "rest/path_list.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "limits.hpp"

namespace transport_ws::rest {

bool has_dot_segment(std::string_view path) {
  for (std::string_view rest = path; !rest.empty();) {
    const std::string_view segment = rest.substr(0, rest.find('/'));
    if (segment == "." || segment == "..") {
      return true;
    }
    rest.remove_prefix(std::min(segment.size() + 1, rest.size()));
  }
  return false;
}

bp::result<PathList> PathList::parse(const std::vector<std::string>& entries) {
  PathList list;
  for (const std::string& text : entries) {
    const bool tree = text.ends_with("/*");
    const std::string path = tree ? text.substr(0, text.size() - 1) : text;
    const bool plain = std::ranges::all_of(path, [](char c) {
      return c > ' ' && c < 0x7F && std::string_view("?#%*{}").find(c) == std::string_view::npos;
    });
    if (!path.starts_with('/') || path.size() > route_path_bytes_max || !plain ||
        has_dot_segment(path)) {
      return bp::fail(BP_E_CONFIG,
                      fmt::format("'{}' is no path: write \"/api/status\" for one path, or "
                                  "\"/api/*\" for all below it; at most {} visible ASCII "
                                  "characters, no other '*', none of '?', '#', '%', '{{', '}}'",
                                  text, route_path_bytes_max));
    }
    list.entries_.push_back({path, tree});
  }
  return list;
}

bool PathList::allows(std::string_view path) const {
  return !has_dot_segment(path) && std::ranges::any_of(entries_, [&](const Entry& entry) {
    return entry.tree ? path.starts_with(entry.path) && path.size() > entry.path.size()
                      : path == entry.path;
  });
}

}  // namespace transport_ws::rest
