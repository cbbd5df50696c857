// plugins/transport_ws/tcp/outbox.cpp - the queue, its policy, and the framing.
#include "tcp/outbox.hpp"

#include <algorithm>
#include <utility>

#include "limits.hpp"

namespace transport_ws::tcp {

namespace {

constexpr std::size_t entries_kept = 64;  // an idle connection keeps no larger array
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

Outbox::Put Outbox::put_answer(Message message) {
  if (full()) {
    return Put::Refused;
  }
  push(std::move(message), /*event=*/false);
  return Put::Queued;
}

Outbox::Put Outbox::put_event(Message message) {
  if (full()) {
    if (policy_ == frame::Policy::Close) {
      return Put::Refused;
    }
    if (policy_ == frame::Policy::DropOldest) {
      drop_oldest_events(bytes_max_ - std::min(bytes_of(message), bytes_max_));
    }
    if (full()) {
      ++dropped_;
      return Put::Dropped;
    }
  }
  push(std::move(message), /*event=*/true);
  return Put::Queued;
}

void Outbox::put_anyway(Message message) {
  push(std::move(message), /*event=*/false);
}

void Outbox::drop_waiting() {
  for (std::size_t i = first_untouched(); i < entries_.size(); ++i) {
    bytes_ -= bytes_of(entries_[i].message);
  }
  entries_.resize(first_untouched());
}

std::size_t Outbox::bytes_of(const Message& message) const noexcept {
  return message.payload().size() +
         (framing_ == Framing::Line ? line_end.size() : tcp_length_bytes);
}

std::array<std::string_view, 2> Outbox::parts_of(const Entry& entry) const noexcept {
  const std::string_view payload = entry.message.payload();
  if (framing_ == Framing::Line) {
    return {payload, line_end};
  }
  return {std::string_view(entry.length.data(), entry.length.size()), payload};
}

void Outbox::push(Message message, bool event) {
  bytes_ += bytes_of(message);
  const auto length = encode_length(static_cast<std::uint32_t>(message.payload().size()));
  entries_.push_back({std::move(message), length, event});
}

void Outbox::drop_oldest_events(std::size_t until_bytes) {
  const auto drop = [&](const Entry& entry) {
    if (!entry.event || bytes_ <= until_bytes) {
      return false;
    }
    bytes_ -= bytes_of(entry.message);
    ++dropped_;
    return true;
  };
  const auto untouched = entries_.begin() + static_cast<std::ptrdiff_t>(first_untouched());
  entries_.erase(std::remove_if(untouched, entries_.end(), drop),
                 entries_.end());  // in order, once each
}

std::size_t Outbox::gather(std::span<std::string_view> pieces) const noexcept {
  std::size_t count = 0;
  std::size_t total = 0;
  std::size_t skip = offset_;
  for (std::size_t i = head_;
       i < entries_.size() && count + 2 <= pieces.size() && total < write_gather_bytes_max; ++i) {
    for (std::string_view part : parts_of(entries_[i])) {
      const std::size_t gone = std::min(skip, part.size());
      part.remove_prefix(gone);
      skip -= gone;
      if (!part.empty()) {
        pieces[count++] = part;
        total += part.size();
      }
    }
  }
  return count;
}

void Outbox::written(std::size_t bytes) noexcept {
  while (bytes > 0) {
    Entry& first = entries_[head_];
    const std::size_t whole = bytes_of(first.message);
    const std::size_t left = whole - offset_;
    if (bytes < left) {
      offset_ += bytes;
      return;
    }
    bytes -= left;
    offset_ = 0;
    bytes_ -= whole;
    first.message.bytes.reset();
    ++head_;
  }
  compact();
}

void Outbox::compact() noexcept {
  if (head_ == entries_.size()) {
    entries_.clear();
    head_ = 0;
    if (entries_.capacity() > entries_kept) {
      entries_ = {};
    }
  } else if (head_ * 2 > entries_.size()) {
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

}  // namespace transport_ws::tcp
