// plugins/transport_ws/server/listener.hpp - one listening socket: binding, accepting, and waiting
// when there is no descriptor for the next connection.
//
// Thread: bind() and accept() before its io thread runs; the rest on that thread, or when it has
// ended.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "backplane/cpp/error.hpp"

#include "limits.hpp"
#include "net/socket.hpp"

namespace transport_ws::server {

class Listener {
 public:
  using OnSocket = std::function<void(net::Socket, const net::Tcp::endpoint& from)>;
  /// True: nothing is accepted for a while, and why; false: it goes on.
  using OnPause = std::function<void(bool paused, const std::string& reason)>;

  /// Whose connection the next one will be.
  using Into = std::function<asio::io_context&()>;

  explicit Listener(asio::io_context& context)
      : context_(context), acceptor_(context), retry_(context) {}

  /// `key`: the setting, for errors. `together`: several sockets listen there, and the kernel deals
  /// connections out among them.
  [[nodiscard]] bp::result<void> bind(const net::Tcp::endpoint& endpoint, std::string_view key,
                                      bool together = false);

  [[nodiscard]] net::Tcp::endpoint endpoint() const;

  /// `into`: asked before each connection; it belongs to the listener's own thread otherwise.
  void accept(OnSocket on_socket, OnPause on_pause, Into into = {});

  void close();

 private:
  void await();
  void pause(const net::ErrorCode& failure);

  asio::io_context& context_;
  net::Acceptor acceptor_;
  net::Timer retry_;
  OnSocket on_socket_;
  OnPause on_pause_;
  Into into_;
  bool paused_ = false;
};

}  // namespace transport_ws::server
