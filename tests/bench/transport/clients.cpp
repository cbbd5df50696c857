// tests/bench/transport/clients.cpp - epoll, and sockets that never block.
#include "tests/bench/transport/clients.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <unistd.h>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace bench {

namespace {

constexpr std::size_t buffer_bytes = 256UL * 1'024;
constexpr int patience_ms = 20'000;  // without any event: the server is stuck
constexpr std::array<unsigned char, 4> mask{1, 2, 3, 4};

std::runtime_error problem(const std::string& what) {
  return std::runtime_error(what + ": " + std::strerror(errno));
}

int connect_to(std::uint16_t port) {
  const int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (made < 0 || connect(made, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    const auto why = problem("connecting to port " + std::to_string(port));
    close(made);
    throw why;
  }
  const int on = 1;
  setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return made;
}

void send_all(int socket, std::string_view text) {
  while (!text.empty()) {
    const ssize_t bytes = send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (bytes <= 0) {
      throw problem("sending");
    }
    text.remove_prefix(static_cast<std::size_t>(bytes));
  }
}

// Byte by byte: nothing of the next message is taken.
std::string read_until(int socket, std::string_view end) {
  std::string text;
  while (!text.ends_with(end)) {
    char byte = 0;
    if (recv(socket, &byte, 1, 0) != 1) {
      throw problem("the server closed after '" + text + "'");
    }
    text += byte;
  }
  return text;
}

}  // namespace

int open_websocket(std::uint16_t port, std::string_view path) {
  const int socket = connect_to(port);
  try {
    send_all(socket, fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nUpgrade: websocket\r\n"
                                 "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                                 path, port));
    const std::string answer = read_until(socket, "\r\n\r\n");
    if (!answer.starts_with("HTTP/1.1 101")) {
      throw std::runtime_error("no handshake, but: " + answer);
    }
  } catch (...) {
    close(socket);
    throw;
  }
  return socket;
}

std::string text_frame(std::string_view payload, Sender sender) {
  constexpr std::size_t short_max = 125;
  constexpr std::size_t medium_max = 0xFFFF;
  const unsigned masked = sender == Sender::client ? 0x80U : 0U;
  const auto byte = [](std::size_t value) { return static_cast<char>(value & 0xFFU); };
  std::string frame = "\x81";
  if (payload.size() <= short_max) {
    frame += byte(masked | payload.size());
  } else if (payload.size() <= medium_max) {
    frame += byte(masked | 126U);
    frame += byte(payload.size() >> 8U);
    frame += byte(payload.size());
  } else {
    throw std::runtime_error("the load sends no messages above 64 KiB");
  }
  if (sender == Sender::server) {
    return frame.append(payload);
  }
  frame.append(reinterpret_cast<const char*>(mask.data()), mask.size());
  for (std::size_t at = 0; at < payload.size(); ++at) {
    frame += byte(static_cast<unsigned char>(payload[at]) ^ mask.at(at % mask.size()));
  }
  return frame;
}

Clients::Clients(std::uint16_t port, std::string_view path, unsigned connections,
                 const Hello& first)
    : connections_(connections), poll_(epoll_create1(EPOLL_CLOEXEC)), buffer_(buffer_bytes) {
  for (Connection& connection : connections_) {
    connection.socket = open_websocket(port, path);
    send_all(connection.socket, first.frame);
    for (std::size_t got = 0; got < first.answer.size();) {
      const ssize_t bytes = recv(connection.socket, buffer_.data(), first.answer.size() - got, 0);
      if (bytes <= 0) {
        throw problem("waiting for the answer to the first message");
      }
      got += static_cast<std::size_t>(bytes);
    }
    fcntl(connection.socket, F_SETFL, O_NONBLOCK);
    watch(connection, false, EPOLL_CTL_ADD);
  }
}

Clients::~Clients() {
  for (const Connection& connection : connections_) {
    close(connection.socket);
  }
  close(poll_);
}

void Clients::speak(std::string sent, std::string expected, unsigned under_way) {
  sent_ = std::move(sent);
  expected_ = std::move(expected);
  under_way_ = under_way;
  repeated_.clear();
  for (unsigned i = 0; i < under_way; ++i) {
    repeated_ += sent_;
  }
}

std::uint64_t Clients::echo(std::uint64_t count) {
  const std::uint64_t each = std::max<std::uint64_t>(count / connections_.size(), 1);
  for (Connection& connection : connections_) {
    begin(connection, each, each);
  }
  run();
  return each * connections_.size();
}

std::uint64_t Clients::broadcast(std::uint64_t count) {
  for (Connection& connection : connections_) {
    begin(connection, &connection == connections_.data() ? count : 0, count);
  }
  run();
  return count * connections_.size();
}

void Clients::begin(Connection& connection, std::uint64_t sends, std::uint64_t receives) {
  connection.to_send = sends;
  connection.sent_bytes = 0;
  connection.due_bytes = std::min<std::uint64_t>(sends, under_way_) * sent_.size();
  connection.received_bytes = 0;
  connection.wanted_bytes = receives * expected_.size();
  ++unfinished_;
}

void Clients::run() {
  for (Connection& connection : connections_) {
    flush(connection);
  }
  std::array<epoll_event, 256> events{};
  while (unfinished_ > 0) {
    const int count = epoll_wait(poll_, events.data(), events.size(), patience_ms);
    if (count <= 0) {
      throw std::runtime_error(fmt::format("{} connections wait for messages that do not come",
                                           std::exchange(unfinished_, 0)));
    }
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events.at(static_cast<std::size_t>(i));
      auto& connection = *static_cast<Connection*>(event.data.ptr);
      if ((event.events & EPOLLIN) != 0) {
        receive(connection);
      }
      flush(connection);
    }
  }
}

void Clients::flush(Connection& connection) {
  while (connection.sent_bytes < connection.due_bytes) {
    const std::size_t offset = connection.sent_bytes % sent_.size();
    const std::size_t bytes = std::min<std::size_t>(connection.due_bytes - connection.sent_bytes,
                                                    repeated_.size() - offset);
    const ssize_t sent = send(connection.socket, repeated_.data() + offset, bytes, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno != EAGAIN) {
        throw problem("sending");
      }
      break;
    }
    connection.sent_bytes += static_cast<std::size_t>(sent);
  }
  const bool blocked = connection.sent_bytes < connection.due_bytes;
  if (blocked != connection.blocked) {
    connection.blocked = blocked;
    watch(connection, blocked, EPOLL_CTL_MOD);
  }
}

void Clients::receive(Connection& connection) {
  const ssize_t got = recv(connection.socket, buffer_.data(), buffer_.size(), 0);
  if (got <= 0) {
    if (got < 0 && errno == EAGAIN) {
      return;
    }
    throw problem("the server closed a connection");
  }
  const auto bytes = static_cast<std::size_t>(got);
  check(connection, bytes);
  const std::uint64_t before = connection.received_bytes / expected_.size();
  connection.received_bytes += bytes;
  if (connection.received_bytes > connection.wanted_bytes) {
    throw std::runtime_error("more came back than was sent");
  }
  const std::uint64_t messages = connection.received_bytes / expected_.size() - before;
  connection.due_bytes =
      std::min(connection.due_bytes + messages * sent_.size(), connection.to_send * sent_.size());
  unfinished_ -= connection.received_bytes == connection.wanted_bytes ? 1U : 0U;
}

void Clients::check(const Connection& connection, std::size_t bytes) const {
  const std::size_t within = connection.received_bytes % expected_.size();
  const std::size_t skip = within == 0 ? 0 : expected_.size() - within;
  if (bytes < skip + expected_.size()) {
    return;
  }
  if (std::memcmp(buffer_.data() + skip, expected_.data(), expected_.size()) != 0) {
    throw std::runtime_error("what came back is not what was sent");
  }
}

void Clients::watch(Connection& connection, bool writable, int operation) {
  epoll_event event{};
  event.events = EPOLLIN | (writable ? static_cast<std::uint32_t>(EPOLLOUT) : 0U);
  event.data.ptr = &connection;
  epoll_ctl(poll_, operation, connection.socket, &event);
}

}  // namespace bench
