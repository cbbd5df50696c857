// tests/plugins/transport_ws/raw_client.hpp - a blocking TCP client that can say anything, also
// what no library would.
//
// Every read has a deadline, so that a wrong server fails a test instead of hanging it.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <poll.h>
#include <span>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "frame/codec.hpp"

namespace transport_ws {

class RawClient {
 public:
  static constexpr std::chrono::milliseconds patience{10'000};

  struct Received {
    frame::Opcode opcode;
    std::string payload;
    bool compressed = false;  // RSV1 is set
  };

  explicit RawClient(std::uint16_t port, int receive_buffer_bytes = 0)
      : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer_bytes > 0) {
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }

  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  virtual ~RawClient() { hang_up(); }

  virtual void hang_up() {
    if (fd_ >= 0) {
      ::close(std::exchange(fd_, -1));
    }
  }

  /// Ends both directions; whoever reads or writes in another thread returns.
  void shut() { ::shutdown(fd_, SHUT_RDWR); }

  /// The other side reads the end of the stream, and may go on writing.
  void shut_sending() { ::shutdown(fd_, SHUT_WR); }

  /// False: the other side has gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = put(bytes);
      if (sent <= 0) {
        return false;
      }
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  bool send_text(std::string_view text) {
    return send(frame::encode_frame(frame::Opcode::Text, text, 0x01020304U));
  }

  bool send_frame(frame::Opcode opcode, std::string_view payload) {
    return send(frame::encode_frame(opcode, payload, 0x0A0B0C0DU));
  }

  /// Reads once. False: end of the stream, or nothing came in time.
  bool fill() {
    if (!await_readable()) {
      ADD_FAILURE() << "nothing came within " << patience.count() << " ms";
      return false;
    }
    std::array<char, 65'536> bytes{};
    const ssize_t got = get(bytes);
    if (got <= 0) {
      return false;
    }
    held_.append(bytes.data(), static_cast<std::size_t>(got));
    return true;
  }

  /// Everything up to the end of the stream.
  std::string read_all() {
    while (fill()) {
    }
    return std::exchange(held_, {});
  }

  /// The header of an HTTP answer.
  std::string read_header() {
    while (held_.find("\r\n\r\n") == std::string::npos) {
      if (!fill()) {
        return std::exchange(held_, {});
      }
    }
    const auto end = held_.find("\r\n\r\n") + 4;
    const std::string header = held_.substr(0, end);
    held_.erase(0, end);
    return header;
  }

  /// Without its LF; "(end)" at the end of the stream.
  std::string read_line() {
    std::size_t looked_at = 0;
    while (held_.find('\n', looked_at) == std::string::npos) {
      looked_at = held_.size();
      if (!fill()) {
        return "(end)";
      }
    }
    const std::size_t end = held_.find('\n', looked_at);
    std::string line = held_.substr(0, end);
    held_.erase(0, end + 1);
    return line;
  }

  /// So many bytes; fewer at the end of the stream.
  std::string read_bytes(std::size_t count) {
    while (held_.size() < count && fill()) {
    }
    const std::string bytes = held_.substr(0, count);
    held_.erase(0, bytes.size());
    return bytes;
  }

  /// The next frame; none at the end of the stream.
  std::optional<Received> read_frame() {
    for (;;) {
      if (auto frame = take_frame()) {
        return frame;
      }
      if (!fill()) {
        return std::nullopt;
      }
    }
  }

  /// The payload of the next frame; "(end)" at the end of the stream.
  std::string read_text() {
    const auto frame = read_frame();
    return frame ? frame->payload : "(end)";
  }

  /// The code of the close frame that comes next, other frames are skipped; 0 at the end of the
  /// stream.
  unsigned read_close(std::string* reason = nullptr) {
    while (const auto frame = read_frame()) {
      if (frame->opcode == frame::Opcode::Close && frame->payload.size() >= 2) {
        if (reason != nullptr) {
          *reason = frame->payload.substr(2);
        }
        return static_cast<unsigned>(static_cast<unsigned char>(frame->payload[0]) << 8U |
                                     static_cast<unsigned char>(frame->payload[1]));
      }
    }
    return 0;
  }

  /// The opening handshake. The status line's code is returned.
  unsigned shake_hands(const std::string& extra_fields = {}, const std::string& target = "/",
                       std::string* answer = nullptr) {
    send("GET " + target +
         " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
         extra_fields + "\r\n");
    const std::string header = read_header();
    if (answer != nullptr) {
      *answer = header;
    }
    return header.size() > 12 ? static_cast<unsigned>(std::stoi(header.substr(9, 3))) : 0;
  }

  /// After the handshake: waits until the server has taken the connection up (the 101 leaves
  /// before).
  void settle() {
    send_frame(frame::Opcode::Ping, "settle");
    EXPECT_EQ(read_text(), "settle");
  }

 protected:
  [[nodiscard]] int descriptor() const noexcept { return fd_; }

  virtual ssize_t put(std::string_view bytes) {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

  virtual ssize_t get(std::span<char> into) { return ::recv(fd_, into.data(), into.size(), 0); }

  virtual bool await_readable() {
    pollfd ready{fd_, POLLIN, 0};
    return ::poll(&ready, 1, static_cast<int>(patience.count())) > 0;
  }

 private:
  std::optional<Received> take_frame() {
    if (held_.size() < 2) {
      return std::nullopt;
    }
    const auto byte = [this](std::size_t i) { return static_cast<unsigned char>(held_[i]); };
    std::size_t length = byte(1) & 0x7FU;
    std::size_t header = 2;
    const std::size_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
    if (held_.size() < header + extended) {
      return std::nullopt;
    }
    if (extended > 0) {
      length = 0;
      for (std::size_t i = 0; i < extended; ++i) {
        length = length << 8U | byte(2 + i);
      }
      header += extended;
    }
    if (held_.size() < header + length) {
      return std::nullopt;
    }
    Received frame{static_cast<frame::Opcode>(byte(0) & 0x0FU), held_.substr(header, length),
                   (byte(0) & frame::compressed_bit) != 0};
    held_.erase(0, header + length);
    return frame;
  }

  int fd_;
  std::string held_;
};

}  // namespace transport_ws
