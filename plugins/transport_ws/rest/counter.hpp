// plugins/transport_ws/rest/counter.hpp - plain HTTP requests of the first listener, answered by
// services.
//
// Where connections are authenticated, each request shows its credentials by itself, and calls what
// its principal may call; pages are refused unless they are listed, and then their browsers are
// told that they may ask. Bounded: so many calls under way,
// each with its time. The answer is the reply's JSON, or
// {"error": {code, message, context}} with the status that belongs to the code. Thread: its io
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/authenticator.hpp"
#include "http/exchange.hpp"
#include "http/origin.hpp"
#include "rest/table.hpp"
#include "rpc/bus.hpp"

namespace transport_ws::rest {

struct CounterSettings {
  std::uint32_t in_flight_max = calls_in_flight_max_default;
  std::string health_path = "/healthz";  // empty: there is none
};

/// Bus and authenticator must outlive it.
class Counter {
 public:
  struct Parts {
    rpc::Bus& bus;
    std::shared_ptr<const Table> table;
    auth::Authenticator& authenticator;
    http::OriginPolicy origins;
  };

  Counter(Parts parts, CounterSettings settings)
      : parts_(std::move(parts)),
        settings_(std::move(settings)),
        alive_(std::make_shared<const bool>(true)) {}

  [[nodiscard]] const http::OriginPolicy& origins() const noexcept { return parts_.origins; }

  /// For requests from now on; those under way go on as they began.
  void use(std::shared_ptr<const Table> table) { parts_.table = std::move(table); }

  /// False: nothing is served at that path, nobody has answered.
  [[nodiscard]] bool serve(const std::shared_ptr<http::Exchange>& exchange,
                           const http::Request& request, const std::string& address);

  /// Calls are refused from now on; `on_idle` is called once, when none is under way.
  void drain(std::move_only_function<void()> on_idle);

 private:
  struct Visit;

  void receive(const std::shared_ptr<http::Exchange>& exchange, const http::Request& request,
               Table::Hit hit, const std::string& address);
  void judge(const std::shared_ptr<Visit>& visit, const bp::result<auth::Principal>& verdict);
  void call(const std::shared_ptr<Visit>& visit);
  void answer(const Visit& visit, const http::Response& response);
  [[nodiscard]] http::Response health() const;
  [[nodiscard]] http::Response options(const http::Request& request,
                                       std::vector<std::string_view> verbs) const;

  Parts parts_;
  const CounterSettings settings_;
  std::shared_ptr<const bool> alive_;  // replies that come after our end find it expired
  std::move_only_function<void()> on_idle_;
  std::uint32_t in_flight_ = 0;
  bool draining_ = false;
};

}  // namespace transport_ws::rest
