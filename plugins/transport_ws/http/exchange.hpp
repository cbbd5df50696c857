// plugins/transport_ws/http/exchange.hpp - HTTP on a fresh connection, and its end: an answer, or
// an upgrade. After serve() a further request may come.
//
// One deadline covers everything from the first byte in to the last byte out, so a slow peer holds
// a descriptor for a known time and no longer. Thread: its io thread, all of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/message.hpp"
#include "http/origin.hpp"
#include "net/stream.hpp"
#include "session/desk.hpp"

namespace transport_ws::http {

class Exchange final : public std::enable_shared_from_this<Exchange> {
 public:
  /// Called with a whole request: answer(), serve() or upgrade() now or later.
  using OnRequest = std::move_only_function<void(const std::shared_ptr<Exchange>&, Request)>;
  /// Called once, when the exchange ended without an upgrade; the text says how ("answered",
  /// "timeout", ...). What it captures is kept until then.
  using OnEnd = std::move_only_function<void(std::string_view how)>;
  /// What OnEnd is told when at least one request was served.
  static constexpr std::string_view answered = "answered";
  /// Called when the 101 answer has left: the connection is a WebSocket from here on.
  using OnUpgraded = std::move_only_function<void(net::Stream, std::string already_read)>;

  /// Called when everything that was handed to stream() has left.
  using OnDrained = std::move_only_function<void()>;

  Exchange(net::Stream socket, session::Desk desk, std::uint32_t deadline_ms,
           std::uint32_t header_bytes_max, std::uint64_t body_bytes_max = 0);

  /// Its requests are counted by the desk's counters. Before start().
  void count() noexcept { counted_ = true; }

  /// Plain requests are refused in JSON, and pages of these origins may read what they are
  /// answered. Before start(); the origins must outlive it.
  void speak_json(const OriginPolicy& origins) noexcept { origins_ = &origins; }

  void start(OnRequest on_request, OnEnd on_end);
  void answer(const Response& response, std::string_view how = "answered");
  /// Answers and, where the client wants that, waits for its next request; the deadline begins
  /// anew.
  void serve(const Response& response);
  /// So much time from now on until the answer has left.
  void allow(std::uint32_t deadline_ms);
  /// A part of an answer whose end comes later, by stream() again or finish(). One at a time.
  void stream(std::string bytes, OnDrained on_drained);
  /// The last part of it.
  void finish(std::string bytes, std::string_view how = "answered");
  void refuse(const Refusal& refusal);
  void upgrade(std::string accepted, OnUpgraded on_upgraded);
  /// Ends it without an answer.
  void end(std::string_view how);

  /// Of the other side; see tls::Engine::peer().
  [[nodiscard]] tls::Identity peer() const { return socket_.peer(); }

 private:
  void await_readable();
  void on_readable();
  void take(std::string_view bytes);
  void next_request();
  void write(std::string text);
  void go_on_writing();
  void written();
  void await_hangup();
  [[nodiscard]] bool speaks_json() const;
  [[nodiscard]] std::string text_of(const Response& response, Delivery how) const;
  void begin_count();
  void end_count(unsigned status);

  net::Stream socket_;
  net::Timer timer_;
  session::Desk desk_;
  std::optional<RequestReader> reader_;
  OnRequest on_request_;
  OnEnd on_end_;
  OnUpgraded on_upgraded_;
  OnDrained on_drained_;
  std::string out_;
  std::string how_;
  std::size_t out_at_ = 0;
  std::uint64_t body_bytes_max_;
  std::uint32_t deadline_ms_;
  std::uint32_t header_bytes_max_;
  std::optional<std::chrono::steady_clock::time_point> asked_;  // of what waits for its answer
  Delivery delivery_;                      // of the answer to the request at hand
  const OriginPolicy* origins_ = nullptr;  // null: refusals are told in words, no page may read
  bool counted_ = false;
  bool requested_ = false;
  bool served_ = false;  // a request was answered well: how the connection ends is no news
  bool go_on_ = false;   // when the answer has left
};

}  // namespace transport_ws::http
