// plugins/transport_ws/tcp/outbox.hpp - what one plain connection has still to write: the payloads
// of shared frames, framed anew while they are gathered.
//
// A message that many connections get, over WebSocket or not, is one frame of RFC 6455 in memory:
// here its header is stepped over. Bounded in bytes as they leave, with the same policies as
// frame::Outbox. Thread: one at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frame/outbox.hpp"
#include "tcp/decoder.hpp"

namespace transport_ws::tcp {

/// Something to be sent: what follows the first `skip` bytes.
struct Message {
  frame::Frame bytes;
  std::uint8_t skip = 0;

  [[nodiscard]] std::string_view payload() const noexcept {
    return std::string_view(*bytes).substr(skip);
  }
};

/// The payload of an unmasked frame.
[[nodiscard]] Message payload_of(frame::Frame frame) noexcept;

/// Is it a frame of text?
[[nodiscard]] bool is_text(const frame::Frame& frame) noexcept;

class Outbox {
 public:
  using Put = frame::Outbox::Put;

  Outbox(Framing framing, std::size_t bytes_max, frame::Policy policy) noexcept
      : bytes_max_(bytes_max), framing_(framing), policy_(policy) {}

  /// An answer: must arrive or the connection is of no use. Refused when the queue is over its
  /// bound.
  [[nodiscard]] Put put_answer(Message message);

  /// An event: the policy decides when the queue is over its bound.
  [[nodiscard]] Put put_event(Message message);

  /// Past the bound: last words, and replies to what was read just now, which bounds them.
  void put_anyway(Message message);

  /// Drops everything that has not begun to leave.
  void drop_waiting();

  [[nodiscard]] bool empty() const noexcept { return head_ == entries_.size(); }

  [[nodiscard]] bool full() const noexcept { return bytes_ >= bytes_max_; }

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

  /// The next pieces to write, in order, at most two a message; valid until the next call of
  /// anything else.
  [[nodiscard]] std::size_t gather(std::span<std::string_view> pieces) const noexcept;

  /// `bytes` of what gather() named were written.
  void written(std::size_t bytes) noexcept;

 private:
  struct Entry {
    Message message;
    std::array<char, tcp_length_bytes> length;  // of Framing::Length
    bool event;
  };

  [[nodiscard]] std::array<std::string_view, 2> parts_of(const Entry& entry) const noexcept;
  [[nodiscard]] std::size_t bytes_of(const Message& message) const noexcept;
  void push(Message message, bool event);
  void drop_oldest_events(std::size_t until_bytes);
  void compact() noexcept;

  [[nodiscard]] std::size_t first_untouched() const noexcept {
    return head_ + (offset_ > 0 ? 1 : 0);
  }

  std::vector<Entry> entries_;
  std::size_t head_ = 0;    // entries before it are gone
  std::size_t offset_ = 0;  // bytes of the first entry that were written
  std::size_t bytes_ = 0;
  std::size_t bytes_max_;
  std::uint64_t dropped_ = 0;
  Framing framing_;
  frame::Policy policy_;
};

}  // namespace transport_ws::tcp
