// plugins/transport_ws/session/session.hpp - one open WebSocket connection, of a server or of a
// client.
//
// Is told when it is ready and reads into the io thread's scratch buffer, so an idle connection
// holds no buffer. One timer: the heartbeat, later the close handshake; it keeps the session alive.
// Thread: its io thread, all of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "frame/codec.hpp"
#include "frame/outbox.hpp"
#include "net/watched_stream.hpp"
#include "session/conversation.hpp"
#include "session/desk.hpp"

namespace transport_ws::session {

struct SessionSettings : Bounds {
  frame::Role role = frame::Role::Server;
  std::uint32_t heartbeat_ms = heartbeat_ms_default;
  std::uint32_t control_per_s = 0;  // pings and pongs; 0: any number
  bool deflate = false;             // permessage-deflate, to clients that offer it
  std::size_t deflate_bytes_min = deflate_bytes_min_default;
  std::uint64_t inflated_bytes_max = 0;  // of a compressed message; 0: message_bytes_max
};

class Session final : public Conversation,
                      private frame::Decoder::Sink,
                      private net::Readiness::Watcher {
 public:
  Session(std::uint64_t id, net::Stream socket, const SessionSettings& settings,
          std::shared_ptr<Owner> owner, Desk desk);

  /// permessage-deflate was agreed on; the desk has a deflation. Before start(). `window_bits`:
  /// what the client can inflate.
  void compress(int window_bits) noexcept;

  /// `already_read`: what came behind the handshake.
  void start(std::string_view already_read) override;

  void send_answer(frame::Frame frame) override;
  [[nodiscard]] frame::Outbox::Put send_event(frame::Frame frame) override;
  /// An answer to the message at hand, within Owner::on_message(), of a server: copied to the
  /// io thread's buffer, so it costs no allocation, and leaves in one write with the other replies
  /// to what was read.
  void reply(frame::Opcode opcode, std::string_view payload) override;
  /// Text of a client, masked.
  [[nodiscard]] frame::Outbox::Put send_masked(frame::Opcode opcode, std::string_view payload);

  /// As close(), but what is queued is dropped.
  void close_now(std::uint16_t code, std::string_view reason) {
    begin_close(code, reason, /*now=*/true);
  }

  /// No close frame, no waiting.
  void abort(std::string_view reason) { finish(frame::close_abnormal, reason); }

  [[nodiscard]] std::size_t queued_bytes() const noexcept override { return outbox_.bytes(); }

 private:
  bool on_message(frame::Opcode kind, std::string_view payload) override;
  bool on_ping(std::string_view payload) override;
  bool on_pong(std::string_view payload) override;
  bool on_close(std::uint16_t code, std::string_view reason) override;

  void on_ready(std::uint32_t events) override;

  void flush() override;
  void read_soon() override;

  void on_sign_of_life() noexcept override { heard_ = true; }

  void put_last_words(std::uint16_t code, std::string_view reason, bool now) override;

  void hang_up() noexcept override { socket_.close(); }

  [[nodiscard]] bool within(Rate& rate, std::uint32_t per_s, std::string_view what);
  [[nodiscard]] bool reading() const noexcept;
  void read();
  void take(std::span<char> bytes);
  void write_replies();
  [[nodiscard]] frame::Frame packed(frame::Frame frame) const;
  [[nodiscard]] std::size_t replies_bytes_max() const noexcept;
  void after_flush();
  void await_beat();
  void on_beat();
  [[nodiscard]] std::string control(frame::Opcode opcode, std::string_view payload) const;

  net::WatchedStream socket_;
  frame::Decoder decoder_;
  frame::Outbox outbox_;
  Deflation* deflation_ = nullptr;  // null: no message of this connection is compressed
  const SessionSettings& settings_;
  Rate messages_;
  Rate control_;
  std::uint8_t window_bits_ = 0;  // that the client can inflate; where messages are compressed
  std::uint8_t missed_pongs_ = 0;
  bool heard_ = true;         // anything came since the last beat
  bool pinged_ = false;       // a ping waits for its pong
  bool peer_closed_ = false;  // its close frame came, or its bytes make no sense any more
  // After a violation the socket is not closed at once: unread bytes would make the kernel reset
  // the connection, and the close frame that says why would be lost. The close timer bounds it.
  bool linger_ = false;
};

/// A mask key for client frames (RFC 6455 section 10.3: not predictable).
[[nodiscard]] std::uint32_t random_mask();

}  // namespace transport_ws::session
