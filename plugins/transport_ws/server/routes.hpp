// plugins/transport_ws/server/routes.hpp - plain HTTP requests answered by services: GET /metrics.
//
// Thread: its io thread.
#pragma once

#include <cstdint>
#include <memory>

#include "http/exchange.hpp"
#include "rpc/bus.hpp"

namespace transport_ws::server {

class Routes {
 public:
  Routes(rpc::Bus& bus, std::uint32_t in_flight_max, std::uint32_t timeout_ms)
      : bus_(bus),
        alive_(std::make_shared<const bool>(true)),
        in_flight_max_(in_flight_max),
        timeout_ms_(timeout_ms) {}

  void on_request(const std::shared_ptr<http::Exchange>& exchange, const http::Request& request);

 private:
  void metrics(const std::shared_ptr<http::Exchange>& exchange, const http::Request& request);

  rpc::Bus& bus_;
  std::shared_ptr<const bool> alive_;
  std::uint32_t in_flight_max_;
  std::uint32_t timeout_ms_;
  std::uint32_t in_flight_ = 0;
};

}  // namespace transport_ws::server
