// plugins/transport_ws/tls/engine.hpp - TLS over a socket that somebody else waits for.
//
// The same calls as on the socket itself: try, and on would_block wait for readiness. What TLS has
// to write and the socket does not take is kept here, at most one record; so OpenSSL never has to
// repeat a write, and what is queued behind it may change meanwhile. Thread: one at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tls/context.hpp"
#include "tls/failure.hpp"

namespace transport_ws::tls {

inline constexpr std::size_t record_bytes_max = 16U << 10U;  // RFC 8446 section 5.1

/// Who the other side is, by a certificate that was verified.
struct Identity {
  std::string subject;             // RFC 2253: "CN=sensor-7,O=Example"
  std::vector<std::string> names;  // "DNS:sensor-7.example.org", "URI:...", "email:...", "IP:..."
  std::string fingerprint;         // SHA-256, 64 hex digits

  [[nodiscard]] bool empty() const noexcept { return fingerprint.empty(); }
};

class Engine {
 public:
  /// `socket` is not owned and does not block. `server_name`: what a client demands of the server's
  /// certificate, a name or a numeric address.
  Engine(std::shared_ptr<const Context> context, int socket, const std::string& server_name = {});
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine();

  /// Goes on with the handshake; a server may leave it to read(). would_block: wait, see unsent().
  void handshake(ErrorCode& failure);
  /// Fills as much as there is. eof: the other side closed, politely or not.
  [[nodiscard]] std::size_t read(std::span<char> into, ErrorCode& failure);
  /// All of it, at most one record; only when nothing is unsent().
  void write(std::span<const char> record, ErrorCode& failure);
  /// Hands the socket what it did not take before. would_block: it still does not.
  void flush(ErrorCode& failure);
  /// Says goodbye; not waited for.
  void shut() noexcept;

  [[nodiscard]] bool unsent() const noexcept { return !unsent_.empty(); }

  /// The last read() ended because its buffer was full: read again without waiting.
  [[nodiscard]] bool more() const noexcept { return more_; }

  [[nodiscard]] bool established() const noexcept;

  /// Empty before the handshake, and when the other side showed no certificate.
  [[nodiscard]] Identity peer() const;

  /// What a failure means, with the reason a certificate was not accepted for.
  [[nodiscard]] std::string explain(const ErrorCode& failure) const;

 private:
  friend struct Transport;

  [[nodiscard]] ErrorCode failure_of(int outcome) noexcept;

  std::shared_ptr<const Context> context_;
  SSL* ssl_;
  std::string unsent_;
  std::size_t unsent_at_ = 0;
  int socket_;
  int socket_error_ = 0;
  bool end_ = false;
  bool more_ = false;
};

/// The table of OpenSSL's that reads and writes through an Engine. Null: out of memory.
[[nodiscard]] BIO_METHOD* make_transport() noexcept;

}  // namespace transport_ws::tls
