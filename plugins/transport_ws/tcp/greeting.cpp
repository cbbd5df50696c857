// plugins/transport_ws/tcp/greeting.cpp - the server's side of a handshake, driven by reading.
#include "tcp/greeting.hpp"

#include <chrono>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

namespace transport_ws::tcp {

Greeting::Greeting(net::Stream socket, session::Desk desk, std::uint32_t deadline_ms)
    : socket_(std::move(socket)), timer_(desk.context), desk_(desk), deadline_ms_(deadline_ms) {}

void Greeting::start(OnReady on_ready, OnEnd on_end) {
  on_ready_ = std::move(on_ready);
  on_end_ = std::move(on_end);
  timer_.expires_after(std::chrono::milliseconds(deadline_ms_));
  timer_.async_wait([self = shared_from_this()](net::ErrorCode cancelled) {
    if (!cancelled) {
      self->end("timeout");
    }
  });
  await_readable();
}

void Greeting::await_readable() {
  socket_.async_wait(net::Socket::wait_read, [self = shared_from_this()](net::ErrorCode failure) {
    if (!failure && self->on_end_) {
      self->on_readable();
    }
  });
}

void Greeting::on_readable() {
  net::ErrorCode failure;
  const std::size_t bytes =
      socket_.read_some(asio::buffer(desk_.scratch.data(), desk_.scratch.size()), failure);
  if (failure && failure != asio::error::would_block && failure != asio::error::try_again) {
    const bool tls = socket_.shaking_hands() && failure != asio::error::eof;
    end(tls ? "TLS: " + socket_.explain(failure) : "hung up");
    return;
  }
  if (socket_.shaking_hands()) {
    await_readable();
    return;
  }
  timer_.cancel();
  on_end_ = nullptr;
  auto on_ready = std::exchange(on_ready_, nullptr);
  on_ready(std::move(socket_), std::string(desk_.scratch.data(), bytes));
}

void Greeting::end(std::string_view how) {
  if (on_end_) {
    timer_.cancel();
    net::ErrorCode ignored;
    (void)socket_.close(ignored);
    on_ready_ = nullptr;
    std::exchange(on_end_, nullptr)(how);
  }
}

}  // namespace transport_ws::tcp
