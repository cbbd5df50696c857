// plugins/transport_ws/server/server.hpp - the listeners and the io threads behind them.
//
// open() binds all or none; run() begins to accept. Thread: the owner's, one at a time; what is
// told (Observer, Bus) comes on the io threads.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backplane/kit/token_bucket.hpp"

#include "net/admission.hpp"
#include "server/listener.hpp"
#include "server/loop.hpp"
#include "server/settings.hpp"
#include "tls/source.hpp"

namespace transport_ws::server {

class Server {
 public:
  Server(Settings settings, const BusFactory& make_bus, Observer& observer);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  /// "binding 'listen' 127.0.0.1:9400: address in use; fix: ...": the setting, the reason and the
  /// way out. After an error nothing is open.
  [[nodiscard]] bp::result<void> open();
  void run();

  /// Stops accepting and drains every loop; `on_done` comes on an io thread.
  void drain(std::uint16_t code, std::move_only_function<void()> on_done);
  /// Ends the threads and every connection.
  void stop();

  /// Where it really listens (port 0 becomes the port that was given).
  [[nodiscard]] const net::Tcp::endpoint& listening() const noexcept { return listening_; }

  [[nodiscard]] const std::optional<net::Tcp::endpoint>& metrics_listening() const noexcept {
    return metrics_listening_;
  }

  /// The same of Settings::tcp, in their order.
  [[nodiscard]] std::vector<net::Tcp::endpoint> tcp_listening() const;

  [[nodiscard]] std::uint32_t connections() const { return admission_.inside(); }

  [[nodiscard]] const std::vector<std::unique_ptr<Loop>>& loops() const noexcept { return loops_; }

  /// `work(loop)` on the io thread that keeps the connection. Thread: any.
  template <typename Work>
  void at_home_of(std::uint64_t connection, Work work) {
    // Ids are dealt out in turn: the loop that gave the id is known.
    Loop& loop = *loops_[(connection + loops_.size() - 1) % loops_.size()];
    asio::post(loop.context(), [&loop, work = std::move(work)]() mutable { work(loop); });
  }

  /// Closes one connection; `on_done(found)` comes on an io thread. Thread: any.
  void close(std::uint64_t connection, std::uint16_t code, std::string reason,
             std::move_only_function<void(bool found)> on_done);

  /// The connections with an id above `after`, ascending, `count` at most; `on_done` comes on an io
  /// thread. Thread: any.
  void list(std::uint64_t after, std::size_t count,
            std::move_only_function<void(std::vector<ConnectionInfo>)> on_done);

  /// What plain requests call from now on, `routes` of it made by plugins; `on_done` comes on an io
  /// thread, when every one of them uses it. Calls in their order. Thread: any.
  void serve(const std::shared_ptr<const rest::Table>& table, std::size_t routes,
             std::move_only_function<void()> on_done);

  /// Thread: any.
  [[nodiscard]] topic::Hub& hub() noexcept { return hub_; }

 private:
  // One of Settings::tcp.
  struct TcpPort {
    Listener listener;
    std::string key;                   // "tcp.<name>"
    std::unique_ptr<tls::Source> tls;  // null: plain
    std::size_t turn = 0;              // connections are dealt out to the loops
  };

  enum class Whose : std::uint8_t { Peers, RequestWillTell };

  struct Turned {
    std::string_view reason;
    session::Rejection why;
  };

  [[nodiscard]] static bp::result<std::unique_ptr<tls::Source>> secure(
      const std::optional<tls::Settings>& settings, std::string_view key);
  [[nodiscard]] static net::Stream stream_of(const std::unique_ptr<tls::Source>& tls,
                                             net::Socket socket);
  [[nodiscard]] bp::result<void> secure_all();
  [[nodiscard]] bp::result<void> open_listeners();
  [[nodiscard]] bp::result<void> open_tcp();
  void close_listeners();
  [[nodiscard]] Listener::OnPause tell_of_pauses(Loop& loop);
  void accept(Listener& listener, Loop& loop);
  void deal_out();
  [[nodiscard]] std::expected<net::Admission::Ticket, Turned> admit(const net::Tcp::endpoint& from,
                                                                    Whose whose);
  void take(Loop& loop, net::Socket socket, const net::Tcp::endpoint& from);
  void accept_tcp(std::size_t number);
  void accept_scrapes();
  void await_reload();
  void reload(const std::unique_ptr<tls::Source>& tls, std::string_view key);

  const Settings settings_;
  net::Admission admission_;
  net::Admission http_admission_;
  topic::Hub hub_;
  bp::kit::token_bucket accept_rate_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::vector<std::unique_ptr<Listener>> listeners_;  // one a loop, or one
  Listener metrics_listener_;
  std::vector<std::unique_ptr<TcpPort>> tcp_;
  std::unique_ptr<tls::Source> tls_;  // null: plain
  std::unique_ptr<tls::Source> metrics_tls_;
  net::Tcp::endpoint listening_;
  std::optional<net::Tcp::endpoint> metrics_listening_;
  net::Timer reload_timer_;
  Observer& observer_;
  std::size_t turn_ = 0;  // of deal_out()
};

}  // namespace transport_ws::server
