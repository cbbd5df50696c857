// plugins/transport_ws/rest/path_list.hpp - the paths that plugins may route.
//
// Thread: a value; matching is const.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backplane/cpp/error.hpp"

namespace transport_ws::rest {

/// "." or "..": what stands before this server may read such paths differently.
[[nodiscard]] bool has_dot_segment(std::string_view path);

/// A path allows itself; one that ends in "/*" allows everything below it. There is no other '*':
/// what an entry allows can be read off it, also where a route's path holds parameters.
class PathList {
 public:
  PathList() = default;

  /// Errors: CONFIG, naming the entry.
  [[nodiscard]] static bp::result<PathList> parse(const std::vector<std::string>& entries);

  /// `path`: of a route, as it is written. One with dot segments no entry allows.
  [[nodiscard]] bool allows(std::string_view path) const;

 private:
  struct Entry {
    std::string path;  // of a tree: up to the last '/'
    bool tree;
  };

  std::vector<Entry> entries_;  // none: nothing is allowed
};

}  // namespace transport_ws::rest
