// plugins/transport_ws/tcp/greeting.hpp - a connection until TLS is agreed on, within a deadline.
//
// Lives as long as an operation of it is pending. Thread: its io thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "net/stream.hpp"
#include "session/desk.hpp"

namespace transport_ws::tcp {

class Greeting final : public std::enable_shared_from_this<Greeting> {
 public:
  using OnReady =
      std::move_only_function<void(net::Stream socket, const std::string& already_read)>;
  /// "timeout", "hung up", or "TLS: ..." with the reason.
  using OnEnd = std::move_only_function<void(std::string_view how)>;

  /// `socket` is secured().
  Greeting(net::Stream socket, session::Desk desk, std::uint32_t deadline_ms);

  /// One of the two is called, once.
  void start(OnReady on_ready, OnEnd on_end);

 private:
  void await_readable();
  void on_readable();
  void end(std::string_view how);

  net::Stream socket_;
  net::Timer timer_;
  session::Desk desk_;
  OnReady on_ready_;
  OnEnd on_end_;  // null: it is over
  std::uint32_t deadline_ms_;
};

}  // namespace transport_ws::tcp
