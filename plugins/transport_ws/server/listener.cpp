// plugins/transport_ws/server/listener.cpp - the acceptor and its errors.
#include "server/listener.hpp"

#include <cerrno>
#include <chrono>
#include <utility>

#include <boost/asio/error.hpp>
#include <fmt/format.h>
#include <sys/socket.h>

namespace transport_ws::server {

namespace {

bp_status status_of(const net::ErrorCode& failure) noexcept {
  if (failure == asio::error::address_in_use) {
    return BP_E_EXISTS;
  }
  return failure == asio::error::access_denied ? BP_E_PERMISSION : BP_E_IO;
}

std::string text_of(const net::ErrorCode& failure) {
  return failure == asio::error::address_in_use ? "address in use" : failure.message();
}

net::ErrorCode share_port(net::Acceptor& acceptor) {
  const int on = 1;
  return ::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0
             ? net::ErrorCode()
             : net::ErrorCode(errno, boost::system::system_category());
}

}  // namespace

bp::result<void> Listener::bind(const net::Tcp::endpoint& endpoint, std::string_view key,
                                bool together) {
  net::ErrorCode failure;
  const auto step = [&failure](auto&& action) {
    if (!failure) {
      action();
    }
  };
  step([&] { acceptor_.open(endpoint.protocol(), failure); });
  step([&] { acceptor_.set_option(net::Acceptor::reuse_address(true), failure); });
  step([&] { failure = together ? share_port(acceptor_) : failure; });
  step([&] { acceptor_.bind(endpoint, failure); });
  step([&] { acceptor_.listen(listen_backlog, failure); });
  if (failure) {
    close();
    const std::string_view fix =
        failure == asio::error::address_in_use
            ? "end the process that listens there, or give '{}' another port"
            : "give '{}' an address and port that this machine has free";
    return std::unexpected(
        bp::error(status_of(failure),
                  fmt::format("{}; fix: {}", text_of(failure), fmt::format(fmt::runtime(fix), key)))
            .during(fmt::format("binding '{}' {}", key, net::to_text(endpoint))));
  }
  return {};
}

net::Tcp::endpoint Listener::endpoint() const {
  net::ErrorCode ignored;
  return acceptor_.local_endpoint(ignored);
}

void Listener::accept(OnSocket on_socket, OnPause on_pause, Into into) {
  into_ = std::move(into);
  on_socket_ = std::move(on_socket);
  on_pause_ = std::move(on_pause);
  await();
}

void Listener::await() {
  asio::io_context& owner = into_ ? into_() : context_;
  acceptor_.async_accept(owner, [this](net::ErrorCode failure, net::Socket socket) {
    if (failure == asio::error::operation_aborted || !acceptor_.is_open()) {
      return;
    }
    if (failure && failure != asio::error::connection_aborted) {
      pause(failure);
      return;
    }
    if (std::exchange(paused_, false)) {
      on_pause_(false, {});
    }
    net::ErrorCode gone;
    const auto from = failure ? net::Tcp::endpoint() : socket.remote_endpoint(gone);
    if (!failure && !gone) {
      on_socket_(std::move(socket), from);
    }
    await();
  });
}

// The connection stays in the backlog meanwhile. Told once, however often it is tried.
void Listener::pause(const net::ErrorCode& failure) {
  if (!std::exchange(paused_, true)) {
    on_pause_(true, failure.message());
  }
  retry_.expires_after(std::chrono::milliseconds(accept_retry_ms));
  retry_.async_wait([this](net::ErrorCode cancelled) {
    if (!cancelled && acceptor_.is_open()) {
      await();
    }
  });
}

void Listener::close() {
  net::ErrorCode ignored;
  (void)acceptor_.close(ignored);
  retry_.cancel();
}

}  // namespace transport_ws::server
