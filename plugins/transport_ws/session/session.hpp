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
#include "session/connection.hpp"
#include "session/desk.hpp"

namespace transport_ws::session {

struct SessionSettings {
  frame::Role role = frame::Role::Server;
  std::uint64_t message_bytes_max = message_bytes_max_default;
  std::size_t queue_bytes = queue_bytes_default;
  frame::Policy policy = frame::Policy::Close;
  std::uint32_t heartbeat_ms = heartbeat_ms_default;
  std::uint32_t block_ms = block_ms_default;  // 0: nobody is cut off
  std::uint32_t messages_per_s = 0;           // 0: any number
  std::uint32_t control_per_s = 0;            // pings and pongs; 0: any number
  bool deflate = false;                       // permessage-deflate, to clients that offer it
  std::size_t deflate_bytes_min = deflate_bytes_min_default;
  std::uint64_t inflated_bytes_max = 0;  // of a compressed message; 0: message_bytes_max
};

class Session final : public Connection,
                      public std::enable_shared_from_this<Session>,
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

  [[nodiscard]] bool must_wait() const noexcept override;
  void expect_drain(std::string reason) override;
  void cut_off(std::string_view reason) override;

  void hold_reading() noexcept override { read_held_ = true; }

  void go_on_reading() override;

  void pass_to(std::shared_ptr<Owner> owner) noexcept override { owner_ = std::move(owner); }

  void identify(std::unique_ptr<const auth::Principal> principal) noexcept override {
    principal_ = std::move(principal);
  }

  [[nodiscard]] const auth::Principal* principal() const noexcept override {
    return principal_.get();
  }

  /// Writes what is queued, then the close frame, then waits for the other side's (bounded).
  void close(std::uint16_t code, std::string_view reason) override {
    begin_close(code, reason, /*now=*/false);
  }

  /// The same, but what is queued is dropped.
  void close_now(std::uint16_t code, std::string_view reason) {
    begin_close(code, reason, /*now=*/true);
  }

  /// No close frame, no waiting.
  void abort(std::string_view reason) { finish(frame::close_abnormal, reason); }

  [[nodiscard]] std::uint64_t id() const noexcept override { return id_; }

  [[nodiscard]] std::size_t queued_bytes() const noexcept override { return outbox_.bytes(); }

  [[nodiscard]] bool open() const noexcept override { return state_ == State::Open; }

  [[nodiscard]] std::shared_ptr<Connection> keep() override { return shared_from_this(); }

 private:
  enum class State : std::uint8_t { Open, Closing, Closed };

  bool on_message(frame::Opcode kind, std::string_view payload) override;
  bool on_ping(std::string_view payload) override;
  bool on_pong(std::string_view payload) override;
  bool on_close(std::uint16_t code, std::string_view reason) override;

  void on_ready(std::uint32_t events) override;

  [[nodiscard]] bool within(std::uint32_t per_s, std::uint32_t& said, std::string_view what);
  [[nodiscard]] bool reading() const noexcept;
  void read_soon();
  void read();
  void take(std::span<char> bytes);
  void write_replies();
  void request_flush();
  void flush();
  void after_flush();
  void tell_slow();
  void begin_close(std::uint16_t code, std::string_view reason, bool now);
  void finish(std::uint16_t code, std::string_view reason);
  void await_beat();
  void on_beat();
  [[nodiscard]] std::string control(frame::Opcode opcode, std::string_view payload) const;

  const std::uint64_t id_;
  net::WatchedStream socket_;
  net::Timer timer_;
  std::unique_ptr<net::Timer> block_timer_;  // only where somebody waits
  frame::Decoder decoder_;
  frame::Outbox outbox_;
  std::shared_ptr<Owner> owner_;
  std::unique_ptr<const auth::Principal> principal_;
  Desk desk_;
  Deflation* deflation_ = nullptr;  // null: no message of this connection is compressed
  const SessionSettings& settings_;
  std::string end_reason_;
  std::uint32_t second_ = 0;  // of the clock, in which this was said:
  std::uint32_t messages_said_ = 0;
  std::uint32_t control_said_ = 0;
  std::uint16_t end_code_ = frame::close_abnormal;
  State state_ = State::Open;
  std::uint8_t window_bits_ = 0;  // that the client can inflate; where messages are compressed
  std::uint8_t missed_pongs_ = 0;
  bool heard_ = true;    // anything came since the last beat
  bool pinged_ = false;  // a ping waits for its pong
  bool corked_ = false;  // frames are being decoded: one flush follows
  bool flush_posted_ = false;
  bool await_write_ = false;
  bool read_paused_ = false;  // answers pile up: take no further requests
  bool read_held_ = false;    // the owner wants no further messages now
  bool drain_asked_ = false;
  bool slow_ = false;         // and told so
  bool peer_closed_ = false;  // its close frame came, or its bytes make no sense any more
  // After a violation the socket is not closed at once: unread bytes would make the kernel reset
  // the connection, and the close frame that says why would be lost. The close timer bounds it.
  bool linger_ = false;
  bool shut_ = false;  // the close frame has left and our half of the connection is shut
};

/// A mask key for client frames (RFC 6455 section 10.3: not predictable).
[[nodiscard]] std::uint32_t random_mask();

}  // namespace transport_ws::session
