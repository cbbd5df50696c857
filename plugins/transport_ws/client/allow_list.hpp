// plugins/transport_ws/client/allow_list.hpp - the addresses that may be connected to.
//
// Thread: a value; matching is const.
#pragma once

#include <string>
#include <vector>

#include "backplane/cpp/error.hpp"

#include "client/url.hpp"

namespace transport_ws::client {

/// Patterns like addresses: "wss://*.example.org/feeds/*", in which '*' stands for any characters
/// of its part (host, port or path) and never reaches into the next one: a host cannot be hidden in
/// a path. Without a port the scheme's is meant, without a path every path; queries are not looked
/// at. Paths with "." or ".." in them fit nothing: servers read them differently.
class AllowList {
 public:
  AllowList() = default;

  /// Errors: CONFIG, naming the pattern.
  [[nodiscard]] static bp::result<AllowList> parse(const std::vector<std::string>& patterns);

  [[nodiscard]] bool allows(const Url& url) const;

 private:
  struct Entry {
    bool secure;
    std::string host;
    std::string port;
    std::string path;
  };

  std::vector<Entry> entries_;  // none: nothing is allowed
};

}  // namespace transport_ws::client
