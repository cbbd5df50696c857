// plugins/transport_ws/route/route.hpp - the paths of the first listener and what each leads to.
//
// Thread: values; a table is built once and read by every io thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/origin.hpp"
#include "session/session.hpp"

namespace transport_ws::route {

enum class To : std::uint8_t {
  Gateway,  // JSON-RPC 2.0
  Channel,  // each message becomes a record on channel ws.in.<name>
  Topics,   // clients subscribe themselves to topics
  Echo      // each message comes back
};

struct Route {
  std::string name;
  std::string path;  // "/echo"; "*": every path that no other route has
  To to = To::Gateway;
  std::vector<std::string> subprotocols;  // in the order of preference; empty: none is spoken
  std::vector<std::string> subscribe;     // topics that its clients may follow, as patterns
  std::vector<std::string> publish;       // and may publish to
  http::OriginPolicy origins{{}, false};
  session::SessionSettings session;
};

class Table {
 public:
  explicit Table(std::vector<Route> routes) : routes_(std::move(routes)) {}

  /// The place of the route in routes() that has the path of `target` (a query is no part of it);
  /// routes().size(): there is none.
  [[nodiscard]] std::size_t find(std::string_view target) const noexcept;

  [[nodiscard]] const std::vector<Route>& routes() const noexcept { return routes_; }

 private:
  std::vector<Route> routes_;
};

}  // namespace transport_ws::route
