// plugins/transport_ws/frame/outbox.hpp - what one connection has still to write: bounded in bytes,
// gathered into few writes.
//
// Control frames have places of their own, one of each kind: they are never dropped, never counted
// and cannot pile up. Data that does not fit follows the policy. Thread: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "frame/backlog.hpp"

namespace transport_ws::frame {

/// An encoded frame; one event's frame is shared by every connection that gets it.
using Frame = std::shared_ptr<const std::string>;

enum class Kind : std::uint8_t { Answer, Event, Control };

/// One frame of an outbox.
struct Waiting {
  Frame frame;
  Kind kind = Kind::Answer;

  [[nodiscard]] std::size_t bytes() const noexcept { return frame->size(); }

  [[nodiscard]] std::size_t counted() const noexcept {
    return kind == Kind::Control ? 0 : frame->size();
  }

  [[nodiscard]] bool is_event() const noexcept { return kind == Kind::Event; }
};

class Outbox : public Backlog<Waiting> {
 public:
  using Put = frame::Put;
  using Backlog::Backlog;

  /// An answer: must arrive or the connection is of no use. Refused when the queue is over its
  /// bound.
  [[nodiscard]] Put put_answer(Frame frame) { return push_answer({std::move(frame)}); }

  /// An event: the policy decides when the queue is over its bound.
  [[nodiscard]] Put put_event(Frame frame) { return push_event({std::move(frame), Kind::Event}); }

  /// Past the bound: replies to what was read just now; the session bounds them.
  void put_anyway(Frame frame) { push({std::move(frame)}); }

  /// Whole frames of which the first `written` bytes have left already: they go first. Before
  /// anything of the queue has begun to leave.
  void put_begun(std::string frames, std::size_t written);

  void put_ping(std::string frame) { ping_ = std::move(frame); }

  void put_pong(std::string frame) { pong_ = std::move(frame); }

  /// The last frame. With `now`, everything that has not begun to leave is dropped before it.
  void put_close(std::string frame, bool now);

  [[nodiscard]] bool empty() const noexcept;

  /// The next pieces to write, in order; valid until the next call of anything else.
  [[nodiscard]] std::size_t gather(std::span<std::string_view> pieces);

 private:
  void place_control();

  std::string ping_;
  std::string pong_;
  std::string close_;
};

}  // namespace transport_ws::frame
