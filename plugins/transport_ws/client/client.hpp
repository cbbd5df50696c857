// plugins/transport_ws/client/client.hpp - a WebSocket client that stays connected: backoff,
// resubscription, bounded queue while offline.
//
// Thread: its io thread, all of it. Errors: connect problems are told and tried again; only an
// unusable address or the last retry ends it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/basic_resolver.hpp>

#include "client/backoff.hpp"
#include "client/url.hpp"
#include "http/message.hpp"
#include "net/stream.hpp"
#include "session/session.hpp"
#include "tls/source.hpp"

namespace transport_ws::client {

struct ClientSettings {
  session::SessionSettings session{session::Bounds{.block_ms = 0}, frame::Role::Client};
  BackoffSettings backoff;
  std::uint32_t handshake_ms = handshake_ms_default;
  std::size_t offline_bytes_max = offline_queue_bytes_max;
  std::vector<http::Field> fields;  // extra fields of the handshake
  std::vector<std::string> hello;   // sent first on every connection: subscriptions
  tls::Settings tls;  // of wss://, its side is set here; files are looked at for each connection
};

enum class State : std::uint8_t { Connecting, Open, Waiting, GaveUp };

class Client final : public std::enable_shared_from_this<Client>,
                     private session::Connection::Owner {
 public:
  class Handler {
   public:
    virtual void on_connected() = 0;
    virtual void on_message(frame::Opcode kind, std::string_view payload) = 0;
    /// The connection ended or could not be made; `retry_ms` is the wait before the next try.
    virtual void on_disconnected(std::string_view why, std::uint32_t retry_ms) = 0;
    /// No more tries; the client is finished.
    virtual void on_gave_up(std::string_view why) = 0;

   protected:
    ~Handler() = default;
  };

  /// `handler` must live until stop() was called or on_gave_up() came.
  Client(Url url, ClientSettings settings, Handler& handler, session::Desk desk);

  void start() { connect(); }

  /// Sends or, while there is no connection, keeps the text. FULL: the queue has no room. CLOSED:
  /// it gave up or was stopped.
  [[nodiscard]] bp::result<void> send(std::string text);
  /// What an open connection was given leaves before it closes; what waited for one is dropped.
  void stop(std::uint16_t code = frame::close_going_away,
            std::string_view reason = "the client is closing");

  [[nodiscard]] bool connected() const noexcept { return session_ != nullptr; }

  [[nodiscard]] State state() const noexcept;

  /// Since it was open last.
  [[nodiscard]] std::uint32_t retries() const noexcept { return backoff_.tries(); }

  /// What waits for a connection, or for room in it.
  [[nodiscard]] std::size_t queued_bytes() const noexcept { return offline_bytes_; }

  [[nodiscard]] const Url& url() const noexcept { return url_; }

 private:
  using Resolver = asio::ip::basic_resolver<net::Tcp, net::Executor>;

  void on_message(session::Connection& session, frame::Opcode kind,
                  std::string_view payload) override;
  void on_drained(session::Connection& session) override;
  void on_closing(session::Connection& session) override;
  void on_closed(session::Connection& session, std::uint16_t code,
                 std::string_view reason) override;

  void connect();
  void try_address(std::vector<net::Tcp::endpoint> addresses, std::size_t index);
  void secure();
  void await_secure();
  void begin_handshake();
  void write_request();
  void await_answer();
  void on_answer(std::string_view bytes);
  void established(std::string_view already_read);
  void flush_offline();
  void drop_offline();
  void disconnected();
  void await_retry(std::uint32_t wait_ms);
  void lost(std::string_view why);

  Url url_;
  ClientSettings settings_;
  Handler* handler_;  // null: stopped
  session::Desk desk_;
  Backoff backoff_;
  Resolver resolver_;
  net::Stream socket_;
  net::Timer timer_;
  std::unique_ptr<tls::Source> tls_;  // made with the first wss:// connection
  std::unique_ptr<http::ResponseReader> reader_;
  std::shared_ptr<session::Session> session_;
  std::deque<std::string> offline_;
  std::string key_;
  std::string request_;  // what of it has not left yet
  std::size_t offline_bytes_ = 0;
  bool waiting_ = false;       // for the next try
  std::uint64_t attempt_ = 0;  // callbacks of an earlier attempt find another number
};

}  // namespace transport_ws::client
