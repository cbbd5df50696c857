// plugins/transport_ws/rest/directory.hpp - the routes that plugins make: whose they are, what they
// may be, and whether they are served now.
//
// A request is called by this instance, with its permissions. So that nobody gains by a route what
// it may not do itself, a route leads only to services that its owner provides, at the time of each
// request. Thread: strand; what its tables hold is read by every io thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backplane/cpp/error.hpp"

#include "limits.hpp"
#include "rest/path_list.hpp"
#include "rest/table.hpp"

namespace transport_ws::rest {

struct DirectorySettings {
  PathList allowed;
  std::uint32_t routes_max = http_routes_max_default;
};

class Directory {
 public:
  struct Route {
    SharedEndpoint endpoint;
    std::string owner;  // empty: the operator, or the configuration
    bool configured = false;
  };

  /// `configured` cannot be taken from, nor can the path of health; `self` is our own instance, in
  /// whose name clients of a gateway call.
  Directory(const Table& configured, std::string health_path, std::string self,
            DirectorySettings settings);

  /// Would add() take it, whoever provides the service? Errors: PERMISSION, EXISTS.
  [[nodiscard]] bp::result<void> check_place(const Endpoint& wanted,
                                             const std::string& owner) const;

  /// True: it replaces one of the same owner. `owner` empty: the operator. Errors: PERMISSION,
  /// EXISTS, BUSY.
  [[nodiscard]] bp::result<bool> add(Endpoint endpoint, const std::string& owner);

  /// Errors: NOT_FOUND, PERMISSION.
  [[nodiscard]] bp::result<void> remove(const std::string& verb, const Pattern& pattern,
                                        const std::string& caller);

  /// Who provides a service ("bp.storage.records/1") from now on; empty: nobody.
  void set_provider(const std::string& service, const std::string& instance);

  /// All routes, those of the configuration first.
  [[nodiscard]] Table table() const;
  [[nodiscard]] std::vector<Route> list() const;

  [[nodiscard]] std::size_t made() const noexcept { return made_.size(); }

 private:
  struct Made {
    SharedEndpoint endpoint;
    std::string owner;
    std::shared_ptr<std::atomic<bool>> served;
  };

  [[nodiscard]] bp::result<void> check(const Endpoint& wanted, const std::string& owner) const;
  [[nodiscard]] bp::result<void> check_free(const Endpoint& wanted, const std::string& owner) const;
  [[nodiscard]] bool is_served(const std::string& service, const std::string& owner) const;

  const std::vector<SharedEndpoint> configured_;
  const std::string health_path_;
  const std::string self_;
  const DirectorySettings settings_;
  std::vector<Made> made_;
  std::map<std::string, std::string> providers_;  // instances, by service
};

}  // namespace transport_ws::rest
