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
#include <utility>

#include "frame/backlog.hpp"
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

/// One message of an outbox.
struct Waiting {
  Message message;
  std::array<char, tcp_length_bytes> length{};  // of Framing::Length
  std::uint8_t framing_bytes = 0;
  bool event = false;

  [[nodiscard]] std::size_t bytes() const noexcept {
    return message.payload().size() + framing_bytes;
  }

  [[nodiscard]] std::size_t counted() const noexcept { return bytes(); }

  [[nodiscard]] bool is_event() const noexcept { return event; }
};

class Outbox : public frame::Backlog<Waiting> {
 public:
  using Put = frame::Put;

  Outbox(Framing framing, std::size_t bytes_max, frame::Policy policy) noexcept
      : Backlog(bytes_max, policy), framing_(framing) {}

  /// An answer: must arrive or the connection is of no use. Refused when the queue is over its
  /// bound.
  [[nodiscard]] Put put_answer(Message message) {
    return push_answer(framed(std::move(message), /*event=*/false));
  }

  /// An event: the policy decides when the queue is over its bound.
  [[nodiscard]] Put put_event(Message message) {
    return push_event(framed(std::move(message), /*event=*/true));
  }

  /// Past the bound: last words, and replies to what was read just now, which bounds them.
  void put_anyway(Message message) { push(framed(std::move(message), /*event=*/false)); }

  using Backlog::drop_waiting;

  [[nodiscard]] bool empty() const noexcept { return nothing_waits(); }

  /// The next pieces to write, in order, at most two a message; valid until the next call of
  /// anything else.
  [[nodiscard]] std::size_t gather(std::span<std::string_view> pieces) const noexcept;

 private:
  [[nodiscard]] Waiting framed(Message message, bool event) const noexcept;
  [[nodiscard]] std::array<std::string_view, 2> parts_of(const Waiting& waiting) const noexcept;

  Framing framing_;
};

}  // namespace transport_ws::tcp
