// plugins/transport_ws/server/server.hpp - the two listeners and the io threads behind them.
//
// open() binds both or neither; run() begins to accept. Thread: the owner's, one at a time; what is
// told (Observer, Bus) comes on the io threads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/admission.hpp"
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

  /// Thread: any.
  [[nodiscard]] topic::Hub& hub() noexcept { return hub_; }

 private:
  struct Listener {
    explicit Listener(asio::io_context& context) : acceptor(context), retry(context) {}

    net::Acceptor acceptor;
    net::Timer retry;
    std::unique_ptr<tls::Source> tls;  // null: plain
  };

  [[nodiscard]] static bp::result<void> bind(Listener& listener, const net::Tcp::endpoint& endpoint,
                                             std::string_view key);
  void await_connection();
  void await_scrape();
  [[nodiscard]] static bp::result<void> secure(Listener& listener,
                                               const std::optional<tls::Settings>& settings,
                                               std::string_view key);
  [[nodiscard]] static net::Stream stream_of(const Listener& listener, net::Socket socket);
  void await_reload();
  void reload(Listener& listener, std::string_view key);
  [[nodiscard]] static bool again(Listener& listener, net::ErrorCode failure,
                                  std::move_only_function<void()> accept);

  [[nodiscard]] Loop& next_loop() noexcept { return *loops_[next_loop_++ % loops_.size()]; }

  const Settings settings_;
  net::Admission admission_;
  net::Admission http_admission_;
  topic::Hub hub_;
  std::vector<std::unique_ptr<Loop>> loops_;
  Listener listener_;
  Listener metrics_listener_;
  net::Tcp::endpoint listening_;
  std::optional<net::Tcp::endpoint> metrics_listening_;
  net::Timer reload_timer_;
  Observer& observer_;
  std::size_t next_loop_ = 0;
};

}  // namespace transport_ws::server
