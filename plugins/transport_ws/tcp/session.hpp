// plugins/transport_ws/tcp/session.hpp - one open connection that speaks lines or lengths.
//
// The smaller sister of session::Session: the same queue bounds, rates and ends, but no control
// frames. So silence is bounded instead of asked about, and what a close frame would say is said by
// a last notification, to clients that speak JSON-RPC, or not at all. Waits for readiness and reads
// into the io thread's scratch buffer: an idle connection holds no buffer but a message that has
// begun. Thread: its io thread, all of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "limits.hpp"
#include "net/stream.hpp"
#include "session/connection.hpp"
#include "session/desk.hpp"
#include "tcp/decoder.hpp"
#include "tcp/outbox.hpp"

namespace transport_ws::tcp {

struct SessionSettings {
  Framing framing = Framing::Line;
  bool farewell = false;  // the last message says why it is over, as JSON-RPC
  std::uint64_t message_bytes_max = message_bytes_max_default;
  std::size_t queue_bytes = queue_bytes_default;
  frame::Policy policy = frame::Policy::Close;
  std::uint32_t block_ms = block_ms_default;
  std::uint32_t messages_per_s = 0;             // 0: any number
  std::uint32_t idle_ms = tcp_idle_ms_default;  // neither side says anything; 0: for ever
};

class Session final : public session::Connection,
                      public std::enable_shared_from_this<Session>,
                      private Decoder::Sink {
 public:
  /// The settings must outlive it.
  Session(std::uint64_t id, net::Stream socket, const SessionSettings& settings,
          std::shared_ptr<Owner> owner, session::Desk desk);

  void start(std::string_view already_read) override;

  void send_answer(frame::Frame frame) override;
  [[nodiscard]] frame::Outbox::Put send_event(frame::Frame frame) override;
  void reply(frame::Opcode opcode, std::string_view payload) override;

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

  void close(std::uint16_t code, std::string_view reason) override {
    begin_close(code, reason, /*now=*/false);
  }

  [[nodiscard]] std::uint64_t id() const noexcept override { return id_; }

  [[nodiscard]] bool tells_kinds() const noexcept override {
    return settings_.framing == Framing::Line;
  }

  [[nodiscard]] std::string_view problem_with(const frame::Frame& frame) const override;

  [[nodiscard]] std::size_t queued_bytes() const noexcept override { return outbox_.bytes(); }

  [[nodiscard]] bool open() const noexcept override { return state_ == State::Open; }

  [[nodiscard]] std::shared_ptr<Connection> keep() override { return shared_from_this(); }

 private:
  enum class State : std::uint8_t { Open, Closing, Closed };

  bool on_message(std::string_view payload) override;
  [[nodiscard]] bool within_rate();
  void await_readable();
  void on_readable();
  void on_end_of_input();
  void take(std::string_view bytes);
  void after_answer();
  void request_flush();
  void flush();
  void await_writable();
  void after_flush();
  void tell_slow();
  void await_silence();
  void begin_close(std::uint16_t code, std::string_view reason, bool now);
  void finish(std::uint16_t code, std::string_view reason);

  const std::uint64_t id_;
  net::Stream socket_;
  net::Timer timer_;                         // the silence, later the close
  std::unique_ptr<net::Timer> block_timer_;  // only where somebody waits
  Decoder decoder_;
  Outbox outbox_;
  std::shared_ptr<Owner> owner_;
  std::unique_ptr<const auth::Principal> principal_;
  session::Desk desk_;
  const SessionSettings& settings_;
  std::chrono::steady_clock::time_point heard_at_;  // or written to
  std::string end_reason_;
  std::uint32_t second_ = 0;  // of the clock, in which this was said:
  std::uint32_t messages_said_ = 0;
  std::uint16_t end_code_ = frame::close_abnormal;
  State state_ = State::Open;
  bool corked_ = false;  // messages are being decoded: one flush follows
  bool flush_posted_ = false;
  bool await_write_ = false;
  bool await_read_ = false;
  bool read_paused_ = false;  // answers pile up: take no further messages
  bool read_held_ = false;    // the owner wants no further messages now
  bool drain_asked_ = false;
  bool slow_ = false;  // and told so
  bool input_ended_ = false;
  bool shut_ = false;  // the last message has left and our half of the connection is shut
};

}  // namespace transport_ws::tcp
