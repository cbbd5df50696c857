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
#include <vector>

namespace transport_ws::frame {

/// An encoded frame; one event's frame is shared by every connection that gets it.
using Frame = std::shared_ptr<const std::string>;

/// What happens to an event that does not fit.
enum class Policy : std::uint8_t {
  Close,       // the event is refused: its sender waits a while, then closes the connection
  DropNewest,  // it is dropped
  DropOldest   // the oldest events that have not begun to leave are dropped
};

class Outbox {
 public:
  enum class Put : std::uint8_t { Queued, Dropped, Refused };

  Outbox(std::size_t bytes_max, Policy policy) noexcept : bytes_max_(bytes_max), policy_(policy) {}

  /// An answer: must arrive or the connection is of no use. Refused when the queue is over its
  /// bound.
  [[nodiscard]] Put put_answer(Frame frame);

  /// An event: the policy decides when the queue is over its bound.
  [[nodiscard]] Put put_event(Frame frame);

  /// Whole frames of which the first `written` bytes have left already: they go first. Before
  /// anything of the queue has begun to leave.
  void put_begun(std::string frames, std::size_t written);

  void put_ping(std::string frame) { ping_ = std::move(frame); }

  void put_pong(std::string frame) { pong_ = std::move(frame); }

  /// The last frame. With `now`, everything that has not begun to leave is dropped before it.
  void put_close(std::string frame, bool now);

  [[nodiscard]] bool empty() const noexcept;

  [[nodiscard]] bool full() const noexcept { return bytes_ >= bytes_max_; }

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

  /// The next pieces to write, in order; valid until the next call of anything else.
  [[nodiscard]] std::size_t gather(std::span<std::string_view> pieces);

  /// `bytes` of what gather() named were written.
  void written(std::size_t bytes) noexcept;

 private:
  enum class Kind : std::uint8_t { Answer, Event, Control };

  struct Entry {
    Frame frame;
    Kind kind = Kind::Answer;
  };

  void push(Frame frame, Kind kind);
  void drop_oldest_events(std::size_t until_bytes);
  void place_control();
  void compact();

  [[nodiscard]] std::size_t first_untouched() const noexcept {
    return head_ + (offset_ > 0 ? 1 : 0);
  }

  std::vector<Entry> entries_;
  std::size_t head_ = 0;    // entries before it are gone
  std::size_t offset_ = 0;  // bytes of the first entry that were written
  std::size_t bytes_ = 0;   // data only
  std::size_t bytes_max_;
  std::uint64_t dropped_ = 0;
  std::string ping_;
  std::string pong_;
  std::string close_;
  Policy policy_;
};

}  // namespace transport_ws::frame
