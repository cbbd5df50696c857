// plugins/transport_ws/session/conversation.hpp - what every open connection does alike, whatever
// it speaks: rates, the bound of what waits to be written, and the ways it ends.
//
// Its timer keeps it alive until it has ended. Thread: its io thread, all of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "limits.hpp"
#include "net/socket.hpp"
#include "session/connection.hpp"
#include "session/desk.hpp"

namespace transport_ws::session {

struct Bounds {
  std::uint64_t message_bytes_max = message_bytes_max_default;
  std::size_t queue_bytes = queue_bytes_default;
  frame::Policy policy = frame::Policy::Close;
  std::uint32_t block_ms = block_ms_default;  // 0: nobody is cut off
  std::uint32_t messages_per_s = 0;           // 0: any number
};

/// Counted in seconds of the clock, so a burst over the turn of a second may be twice as large; who
/// has no limit pays no look at the clock.
class Rate {
 public:
  [[nodiscard]] bool admits(std::uint32_t per_s) noexcept;

 private:
  std::uint32_t second_ = 0;  // of the clock, in which so many were let through:
  std::uint32_t admitted_ = 0;
};

class Conversation : public Connection, public std::enable_shared_from_this<Conversation> {
 public:
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  [[nodiscard]] bool must_wait() const noexcept final;
  void expect_drain(std::string reason) final;
  void cut_off(std::string_view reason) final;

  void hold_reading() noexcept final { read_held_ = true; }

  void go_on_reading() final;

  void pass_to(std::shared_ptr<Owner> owner) noexcept final { owner_ = std::move(owner); }

  void identify(std::unique_ptr<const auth::Principal> principal) noexcept final {
    principal_ = std::move(principal);
  }

  [[nodiscard]] const auth::Principal* principal() const noexcept final { return principal_.get(); }

  /// Writes what is queued, then says goodbye, then waits for the other side (bounded).
  void close(std::uint16_t code, std::string_view reason) final {
    begin_close(code, reason, /*now=*/false);
  }

  [[nodiscard]] std::uint64_t id() const noexcept final { return id_; }

  [[nodiscard]] bool open() const noexcept final { return state_ == State::Open; }

  [[nodiscard]] std::shared_ptr<Connection> keep() final { return shared_from_this(); }

 protected:
  enum class State : std::uint8_t { Open, Closing, Closed };

  /// The bounds must outlive it.
  Conversation(std::uint64_t id, const Bounds& bounds, std::shared_ptr<Owner> owner, Desk desk);
  ~Conversation() = default;

  /// Writes what waits, as far as the socket takes it.
  virtual void flush() = 0;
  /// Reads on when there is something, unless reading pauses or is held.
  virtual void read_soon() = 0;
  /// What came while we did not read is still in the kernel.
  virtual void on_sign_of_life() noexcept = 0;
  /// Queues the goodbye; with `now`, what has not begun to leave is dropped before it.
  virtual void put_last_words(std::uint16_t code, std::string_view reason, bool now) = 0;
  virtual void hang_up() noexcept = 0;

  /// False: it was counted, and close_flood() is due.
  [[nodiscard]] bool within(Rate& rate, std::uint32_t per_s) noexcept;
  void close_flood(std::string_view what);

  /// After something was queued that must arrive: takes no more requests while too much waits.
  void on_answer_queued();
  /// After an event was queued, or not; `dropped` events were dropped meanwhile.
  frame::Put on_event_put(frame::Put put, std::uint64_t dropped);
  /// After some of what waited has left: those who wait for room go on.
  void on_room();

  void pause_if_crowded() noexcept {
    read_paused_ = read_paused_ || queued_bytes() > bounds_.queue_bytes / 2;
  }

  void request_flush();
  void begin_close(std::uint16_t code, std::string_view reason, bool now);
  void finish(std::uint16_t code, std::string_view reason);

  const std::uint64_t id_;
  const Bounds& bounds_;
  std::shared_ptr<Owner> owner_;
  std::unique_ptr<const auth::Principal> principal_;
  Desk desk_;
  net::Timer timer_;  // the other side's silence, later the close
  std::string end_reason_;
  std::uint16_t end_code_ = frame::close_abnormal;
  State state_ = State::Open;
  bool corked_ = false;       // messages are being decoded: one flush follows
  bool await_write_ = false;  // until the socket takes more
  bool read_paused_ = false;  // answers pile up: take no further requests
  bool read_held_ = false;    // the owner wants no further messages now
  bool shut_ = false;         // the goodbye has left and our half of the connection is shut

 private:
  void tell_slow();

  std::unique_ptr<net::Timer> block_timer_;  // only where somebody waits
  bool flush_posted_ = false;
  bool drain_asked_ = false;
  bool slow_ = false;  // and told so
};

}  // namespace transport_ws::session
