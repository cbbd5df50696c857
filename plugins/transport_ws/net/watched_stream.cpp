// plugins/transport_ws/net/watched_stream.cpp - system calls, and what their outcome says of
// readiness.
#include "net/watched_stream.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <unistd.h>
#include <utility>

#include <boost/asio/error.hpp>
#include <sys/socket.h>
#include <sys/uio.h>

#include "limits.hpp"
#include "net/sealing.hpp"

namespace transport_ws::net {

namespace {

// As readiness is told by edges, an interrupted call must not be taken for the last one.
template <typename Call>
ssize_t repeat(Call call) noexcept {
  ssize_t done = call();
  while (done < 0 && errno == EINTR) {
    done = call();
  }
  return done;
}

ErrorCode last_failure() noexcept {
  return errno == EAGAIN ? ErrorCode(asio::error::would_block)
                         : ErrorCode(errno, boost::system::system_category());
}

ssize_t send_pieces(int socket, std::span<const asio::const_buffer> pieces) noexcept {
  if (pieces.size() == 1) {
    return repeat(
        [&] { return ::send(socket, pieces.front().data(), pieces.front().size(), MSG_NOSIGNAL); });
  }
  std::array<iovec, write_gather_buffers_max> parts;  // NOLINT(*-member-init): filled before use
  msghdr message{};
  message.msg_iov = parts.data();
  for (const asio::const_buffer& piece : pieces.first(std::min(pieces.size(), parts.size()))) {
    parts[message.msg_iovlen++] = {const_cast<void*>(piece.data()), piece.size()};
  }
  return repeat([&] { return ::sendmsg(socket, &message, MSG_NOSIGNAL); });
}

}  // namespace

WatchedStream::WatchedStream(asio::io_context& context, Stream stream)
    : readiness_(asio::use_service<Readiness>(context)) {
  ErrorCode ignored;
  (void)stream.non_blocking(true, ignored);
  (void)stream.set_option(Tcp::no_delay(true), ignored);
  auto [socket, tls] = stream.release();
  socket_ = socket;
  tls_ = std::move(tls);
  readable_ = tls_ != nullptr && tls_->more();
}

void WatchedStream::watch(Readiness::Watcher& watcher, ErrorCode& failure) {
  readiness_.watch(socket_, watcher, failure);
  if (failure) {
    return;
  }
  watcher_ = &watcher;
  if (readable_) {
    again();  // what TLS has read already is no event of the socket's
  }
}

void WatchedStream::again() {
  if (watcher_ != nullptr && !std::exchange(asked_again_, true)) {
    readiness_.again(*watcher_);
  }
}

void WatchedStream::note(std::uint32_t events) noexcept {
  asked_again_ = asked_again_ && events != 0;
  constexpr std::uint32_t over = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
  ending_ = ending_ || (events & over) != 0;
  readable_ = readable_ || (events & (EPOLLIN | over)) != 0;
  writable_ = writable_ || (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
}

// What ends the reading of a turn: the socket gave less than it was asked for, so it had no more;
// what comes later is an event of its own.
std::size_t WatchedStream::read_some(std::span<char> into, ErrorCode& failure) {
  if (tls_ != nullptr) {
    const std::size_t bytes = tls_->read(into, failure);
    readable_ = !failure && tls_->more();
    return bytes;
  }
  const ssize_t done = repeat([&] { return ::recv(socket_, into.data(), into.size(), 0); });
  if (done <= 0) {
    readable_ = false;
    failure = done == 0 ? ErrorCode(asio::error::eof) : last_failure();
    return 0;
  }
  failure = {};
  const auto bytes = static_cast<std::size_t>(done);
  readable_ = ending_ || bytes == into.size();
  return bytes;
}

std::size_t WatchedStream::write_some(std::span<const asio::const_buffer> pieces,
                                      ErrorCode& failure) {
  failure = {};
  std::size_t bytes = 0;
  if (tls_ != nullptr) {
    bytes = seal(*tls_, pieces, failure);
  } else if (!pieces.empty()) {
    const ssize_t done = send_pieces(socket_, pieces);
    if (done < 0) {
      failure = last_failure();
    } else {
      bytes = static_cast<std::size_t>(done);
    }
  }
  writable_ = failure != asio::error::would_block;
  return bytes;
}

void WatchedStream::shut_down() noexcept {
  if (tls_ != nullptr) {
    tls_->shut();
  }
  (void)::shutdown(socket_, SHUT_WR);
}

void WatchedStream::close() noexcept {
  tls_.reset();  // its descriptor may be another connection's in a moment
  if (watcher_ != nullptr) {
    readiness_.forget(socket_, *std::exchange(watcher_, nullptr));
  }
  if (const int closed = std::exchange(socket_, -1); closed >= 0) {
    (void)::close(closed);
  }
}

}  // namespace transport_ws::net
