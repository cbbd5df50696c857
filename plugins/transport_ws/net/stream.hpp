// plugins/transport_ws/net/stream.hpp - a connected socket, plain or with TLS: the same calls for
// both.
//
// Everything is tried at once and waits for readiness on would_block, as the plain socket does;
// plain connections pay one look at a null pointer. Thread: one at a time.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include "net/sealing.hpp"
#include "net/socket.hpp"
#include "tls/engine.hpp"

namespace transport_ws::net {

class Stream {
 public:
  explicit Stream(asio::io_context& context) : socket_(context) {}

  // NOLINTNEXTLINE(google-explicit-constructor): a socket is a plain stream
  Stream(Socket socket) : socket_(std::move(socket)) {}

  /// With TLS on top; `server_name`: see tls::Engine.
  Stream(Socket socket, std::shared_ptr<const tls::Context> context,
         const std::string& server_name = {})
      : socket_(std::move(socket)) {
    ErrorCode ignored;
    (void)socket_.non_blocking(true, ignored);
    tls_ = std::make_unique<tls::Engine>(std::move(context), socket_.native_handle(), server_name);
  }

  [[nodiscard]] Socket& socket() noexcept { return socket_; }

  [[nodiscard]] bool secured() const noexcept { return tls_ != nullptr; }

  /// TLS is not agreed on yet.
  [[nodiscard]] bool shaking_hands() const noexcept {
    return tls_ != nullptr && !tls_->established();
  }

  /// Only on a secured() stream; a server's handshake goes on by itself in read_some().
  void handshake(ErrorCode& failure) { tls_->handshake(failure); }

  [[nodiscard]] tls::Identity peer() const { return tls_ ? tls_->peer() : tls::Identity(); }

  [[nodiscard]] std::string explain(const ErrorCode& failure) const {
    return tls_ ? tls_->explain(failure) : failure.message();
  }

  template <typename Buffer>
  std::size_t read_some(const Buffer& into, ErrorCode& failure) {
    if (tls_ == nullptr) {
      return socket_.read_some(into, failure);
    }
    const asio::mutable_buffer room = into;
    return tls_->read({static_cast<char*>(room.data()), room.size()}, failure);
  }

  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers, ErrorCode& failure) {
    return tls_ == nullptr ? socket_.write_some(buffers, failure) : seal(*tls_, buffers, failure);
  }

  /// Bytes that write_some() took and the socket did not: try again when it is writable.
  [[nodiscard]] bool unsent() const noexcept { return tls_ != nullptr && tls_->unsent(); }

  template <typename Handler>
  void async_wait(Socket::wait_type what, Handler&& handler) {
    if (tls_ != nullptr && what == Socket::wait_read) {
      if (tls_->more()) {
        asio::post(socket_.get_executor(),
                   [handler = std::forward<Handler>(handler)]() mutable { handler(ErrorCode()); });
        return;
      }
      if (!tls_->established() && tls_->unsent()) {
        what = Socket::wait_write;  // the other side waits for the rest of our flight
      }
    }
    socket_.async_wait(what, std::forward<Handler>(handler));
  }

  ErrorCode non_blocking(bool mode, ErrorCode& failure) {
    return socket_.non_blocking(mode, failure);
  }

  template <typename Option>
  ErrorCode set_option(const Option& option, ErrorCode& failure) {
    return socket_.set_option(option, failure);
  }

  [[nodiscard]] Tcp::endpoint remote_endpoint(ErrorCode& failure) const {
    return socket_.remote_endpoint(failure);
  }

  ErrorCode shutdown(Socket::shutdown_type what, ErrorCode& failure) {
    if (tls_ != nullptr) {
      tls_->shut();
    }
    return socket_.shutdown(what, failure);
  }

  struct Released {
    int socket;  // -1: it was closed
    std::unique_ptr<tls::Engine> tls;
  };

  /// For who waits for it in another way; nothing waits now.
  [[nodiscard]] Released release() {
    ErrorCode failure;
    const int socket = socket_.release(failure);
    return {failure ? -1 : socket, std::move(tls_)};
  }

  ErrorCode close(ErrorCode& failure) {
    tls_.reset();  // its descriptor may be another connection's in a moment
    return socket_.close(failure);
  }

 private:
  Socket socket_;
  std::unique_ptr<tls::Engine> tls_;  // null: plain
};

}  // namespace transport_ws::net
