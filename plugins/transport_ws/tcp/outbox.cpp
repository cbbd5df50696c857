// plugins/transport_ws/tcp/outbox.cpp - the queue, its policy, and the framing.
#include "tcp/outbox.hpp"

#include <algorithm>
#include <utility>

#include "limits.hpp"

namespace transport_ws::tcp {

namespace {

constexpr std::string_view line_end = "\n";
constexpr unsigned opcode_mask = 0x0F;
constexpr unsigned length_mask = 0x7F;
constexpr unsigned length_in_2_bytes = 126;
constexpr unsigned length_in_8_bytes = 127;

unsigned byte_of(const frame::Frame& frame, std::size_t at) noexcept {
  return static_cast<unsigned char>((*frame)[at]);
}

}  // namespace

Message payload_of(frame::Frame frame) noexcept {
  const unsigned length = byte_of(frame, 1) & length_mask;
  const std::uint8_t skip = length == length_in_8_bytes ? 10 : length == length_in_2_bytes ? 4 : 2;
  return {std::move(frame), skip};
}

bool is_text(const frame::Frame& frame) noexcept {
  return (byte_of(frame, 0) & opcode_mask) == static_cast<unsigned>(frame::Opcode::Text);
}

Waiting Outbox::framed(Message message, bool event) const noexcept {
  const auto length = encode_length(static_cast<std::uint32_t>(message.payload().size()));
  const std::size_t framing_bytes = framing_ == Framing::Line ? line_end.size() : tcp_length_bytes;
  return {std::move(message), length, static_cast<std::uint8_t>(framing_bytes), event};
}

std::array<std::string_view, 2> Outbox::parts_of(const Waiting& waiting) const noexcept {
  const std::string_view payload = waiting.message.payload();
  if (framing_ == Framing::Line) {
    return {payload, line_end};
  }
  return {std::string_view(waiting.length.data(), waiting.length.size()), payload};
}

std::size_t Outbox::gather(std::span<std::string_view> pieces) const noexcept {
  std::size_t count = 0;
  std::size_t total = 0;
  each([&](const Waiting& waiting, std::size_t gone) {
    if (count + 2 > pieces.size() || total >= write_gather_bytes_max) {
      return false;
    }
    for (std::string_view part : parts_of(waiting)) {
      const std::size_t skipped = std::min(gone, part.size());
      part.remove_prefix(skipped);
      gone -= skipped;
      if (!part.empty()) {
        pieces[count++] = part;
        total += part.size();
      }
    }
    return true;
  });
  return count;
}

}  // namespace transport_ws::tcp
