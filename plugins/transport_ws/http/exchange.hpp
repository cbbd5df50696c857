// plugins/transport_ws/http/exchange.hpp - one HTTP request on a fresh connection, and its end: an
// answer, or an upgrade.
//
// One deadline covers everything from the first byte in to the last byte out, so a slow peer holds
// a descriptor for a known time and no longer. Thread: its io thread, all of it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "http/message.hpp"
#include "net/stream.hpp"
#include "session/desk.hpp"

namespace transport_ws::http {

class Exchange final : public std::enable_shared_from_this<Exchange> {
 public:
  /// Called once, with a whole request: answer() or upgrade() now or later.
  using OnRequest = std::move_only_function<void(const std::shared_ptr<Exchange>&, Request)>;
  /// Called once, when the exchange ended without an upgrade; the text says how ("answered",
  /// "timeout", ...). What it captures is kept until then.
  using OnEnd = std::move_only_function<void(std::string_view how)>;
  /// Called when the 101 answer has left: the connection is a WebSocket from here on.
  using OnUpgraded = std::move_only_function<void(net::Stream, std::string already_read)>;

  Exchange(net::Stream socket, session::Desk desk, std::uint32_t deadline_ms,
           std::uint32_t header_bytes_max);

  void start(OnRequest on_request, OnEnd on_end);
  void answer(const Response& response, std::string_view how = "answered");
  void refuse(const Refusal& refusal);
  void upgrade(std::string accepted, OnUpgraded on_upgraded);
  /// Ends it without an answer.
  void end(std::string_view how);

  /// Of the other side; see tls::Engine::peer().
  [[nodiscard]] tls::Identity peer() const { return socket_.peer(); }

 private:
  void await_readable();
  void on_readable();
  void write(std::string text);
  void go_on_writing();
  void written();
  void await_hangup();

  net::Stream socket_;
  net::Timer timer_;
  session::Desk desk_;
  RequestReader reader_;
  OnRequest on_request_;
  OnEnd on_end_;
  OnUpgraded on_upgraded_;
  std::string out_;
  std::string how_;
  std::size_t out_at_ = 0;
  std::uint32_t deadline_ms_;
  bool requested_ = false;
};

}  // namespace transport_ws::http
