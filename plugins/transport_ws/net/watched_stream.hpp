// plugins/transport_ws/net/watched_stream.hpp - a connected socket, plain or with TLS, that
// Readiness watches.
//
// Edge-triggered: who is told that it is ready reads until !readable(), or says again(). Thread:
// its io thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <boost/asio/buffer.hpp>

#include "net/readiness.hpp"
#include "net/stream.hpp"

namespace transport_ws::net {

class WatchedStream {
 public:
  /// Takes the socket away from Asio.
  WatchedStream(asio::io_context& context, Stream stream);
  WatchedStream(const WatchedStream&) = delete;
  WatchedStream& operator=(const WatchedStream&) = delete;

  ~WatchedStream() { close(); }

  /// Once.
  void watch(Readiness::Watcher& watcher, ErrorCode& failure);

  /// What the watcher was told.
  void note(std::uint32_t events) noexcept;

  /// There may be something to read.
  [[nodiscard]] bool readable() const noexcept { return readable_; }

  /// The socket may take something since the last would_block.
  [[nodiscard]] bool writable() const noexcept { return writable_; }

  /// Tells the watcher once more, after the others.
  void again();

  /// `failure` is would_block where nothing is there, eof at the end.
  [[nodiscard]] std::size_t read_some(std::span<char> into, ErrorCode& failure);

  [[nodiscard]] std::size_t write_some(std::span<const asio::const_buffer> pieces,
                                       ErrorCode& failure);

  /// Bytes that write_some() took and the socket did not: try again when it is writable.
  [[nodiscard]] bool unsent() const noexcept { return tls_ != nullptr && tls_->unsent(); }

  /// Nothing further is sent.
  void shut_down() noexcept;

  void close() noexcept;

 private:
  Readiness& readiness_;
  Readiness::Watcher* watcher_ = nullptr;  // null: not watched
  std::unique_ptr<tls::Engine> tls_;       // null: plain
  int socket_;                             // -1: closed
  bool readable_ = false;
  bool writable_ = true;
  bool asked_again_ = false;
  bool ending_ = false;  // the other side has closed: a short read is not the last one
};

}  // namespace transport_ws::net
