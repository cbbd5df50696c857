// plugins/transport_ws/rest/table.hpp - which request calls which method of which service.
//
// Thread: values; built once and read by every io thread. Endpoints outlive their table while
// requests are under way.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "rest/path.hpp"

namespace transport_ws::rest {

struct Endpoint {
  std::string verb;  // "GET"
  Pattern pattern;
  std::vector<Parameter> query;
  std::string service;  // "bp.storage.records/1"
  std::string method;   // "Get"
  std::uint32_t timeout_ms = 0;
  /// Of a route that a plugin made: its owner provides the service now. Null: whoever does.
  std::shared_ptr<const std::atomic<bool>> served = nullptr;
};

using SharedEndpoint = std::shared_ptr<const Endpoint>;

class Table {
 public:
  struct Hit {
    SharedEndpoint endpoint;               // null: no such path, or not with this verb
    std::vector<std::string_view> values;  // of the path
    std::vector<std::string_view> verbs;   // that the path has; empty: there is no such path
  };

  Table() = default;

  explicit Table(std::vector<Endpoint> endpoints);

  [[nodiscard]] static Table of(std::vector<SharedEndpoint> endpoints);

  /// Paths without parameters come before those with, in the order they were given. HEAD is GET.
  /// The verbs are valid as long as the table.
  [[nodiscard]] Hit find(std::string_view verb, std::string_view path) const;

  [[nodiscard]] bool empty() const noexcept { return endpoints_.empty(); }

  [[nodiscard]] const std::vector<SharedEndpoint>& endpoints() const noexcept { return endpoints_; }

 private:
  std::vector<SharedEndpoint> endpoints_;
};

/// The request of the call as JSON: the body's members, the path's and the query's parameters.
/// `credentials`: the query's parameter that is no argument, for it shows who asks; empty: none is.
/// Errors: the answer's status and its reason.
[[nodiscard]] std::expected<std::string, http::Refusal> arguments_of(
    const Endpoint& endpoint, const std::vector<std::string_view>& values,
    const http::Request& request, std::string_view credentials = {});

/// The HTTP status of an error of the backplane (the table is abi/status.def); a plugin's own codes
/// are 500.
[[nodiscard]] unsigned status_of(bp_status code) noexcept;

}  // namespace transport_ws::rest
