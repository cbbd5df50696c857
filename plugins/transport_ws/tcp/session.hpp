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
#include "session/conversation.hpp"
#include "session/desk.hpp"
#include "tcp/decoder.hpp"
#include "tcp/outbox.hpp"

namespace transport_ws::tcp {

struct SessionSettings : session::Bounds {
  Framing framing = Framing::Line;
  bool farewell = false;                        // the last message says why it is over, as JSON-RPC
  std::uint32_t idle_ms = tcp_idle_ms_default;  // neither side says anything; 0: for ever
};

class Session final : public session::Conversation, private Decoder::Sink {
 public:
  /// The settings must outlive it.
  Session(std::uint64_t id, net::Stream socket, const SessionSettings& settings,
          std::shared_ptr<Owner> owner, session::Desk desk);

  void start(std::string_view already_read) override;

  void send_answer(frame::Frame frame) override;
  [[nodiscard]] frame::Outbox::Put send_event(frame::Frame frame) override;
  void reply(frame::Opcode opcode, std::string_view payload) override;

  [[nodiscard]] bool tells_kinds() const noexcept override {
    return settings_.framing == Framing::Line;
  }

  [[nodiscard]] std::string_view problem_with(const frame::Frame& frame) const override;

  [[nodiscard]] std::size_t queued_bytes() const noexcept override { return outbox_.bytes(); }

 private:
  bool on_message(std::string_view payload) override;
  void flush() override;
  void read_soon() override;

  void on_sign_of_life() noexcept override { heard_at_ = std::chrono::steady_clock::now(); }

  void put_last_words(std::uint16_t code, std::string_view reason, bool now) override;
  void hang_up() noexcept override;

  void on_readable();
  void on_end_of_input();
  void take(std::string_view bytes);
  void await_writable();
  void after_flush();
  void await_silence();

  net::Stream socket_;
  Decoder decoder_;
  Outbox outbox_;
  const SessionSettings& settings_;
  session::Rate messages_;
  std::chrono::steady_clock::time_point heard_at_;  // or written to
  bool await_read_ = false;
  bool input_ended_ = false;
};

}  // namespace transport_ws::tcp
