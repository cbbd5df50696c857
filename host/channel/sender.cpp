// host/channel/sender.cpp - the long way of a message, and waiting for credit.
#include "host/channel/sender.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "host/channel/receiver.hpp"

namespace host::channel {

namespace {

// As good as forever, and no clock overflows.
constexpr std::uint64_t wait_ns_max = std::uint64_t{365} * 24 * 3600 * 1'000'000'000;

}  // namespace

Sender::Sender(std::shared_ptr<Channel> channel, Lane& lane, std::function<void()> writable,
               bool keeps)
    : channel_(std::move(channel)),
      lane_(lane),
      queue_(channel_->is_queue()),
      keeps_(keeps),
      settled_seq_(lane.seq()),
      writable_(std::move(writable)) {}

Sender::~Sender() {
  return_lent();
  if (settled_seq_.load(std::memory_order_relaxed) != lane_.seq()) {
    settle();  // nobody does it later
  }
  {
    const std::lock_guard lock(channel_->mutex_);
    lane_.close();
    channel_->left_.push_back(&lane_);
    std::erase(channel_->senders_, this);
    channel_->sweep();
  }
  if (keeps_) {
    channel_->end_gone();
  }
}

void Sender::mirror_activity(std::uint32_t* word) {
  const std::lock_guard lock(channel_->mutex_);
  activity_mirror_ = word;
  if (word != nullptr) {
    std::atomic_ref(*word).store(channel_->activity_, std::memory_order_seq_cst);
  }
}

bp_status Sender::send(Envelope&& envelope) {
  Channel::Wakes wakes;
  bp_status status = BP_OK;
  {
    const std::lock_guard lock(channel_->mutex_);
    status = channel_->publish(*this, envelope, wakes);
  }
  Channel::run(wakes);
  if (status == BP_OK) {
    settle();
  }
  return status;
}

std::uint32_t Sender::send_copies(const bp_buf* messages, std::uint32_t count,
                                  std::size_t bytes_max) noexcept {
  bytes_max = std::min(bytes_max, record_payload_bytes_max);
  if (lent_bytes_ != none) {
    return 0;  // the room is lent
  }
  if (channel_->activity() == 0 && !queue_) {
    const bp_buf* const end = messages + count;
    const bp_buf* const first_other = std::find_if(messages, end, [&](const bp_buf& message) {
      return message.lease != 0 || message.size > bytes_max;
    });
    const auto passed = static_cast<std::uint32_t>(first_other - messages);
    lane_.pass_over(passed);
    return passed;
  }
  std::uint32_t taken = 0;
  for (;;) {
    taken += lane_.copy_in(messages + taken, count - taken, bytes_max);
    if (taken == count) {
      break;
    }
    // Where the lane had no room, or no credit, one message takes the longer way.
    const bp_buf& next = messages[taken];
    std::byte* room = next.lease == 0 && next.size <= bytes_max ? reserve(next.size) : nullptr;
    if (room == nullptr) {
      break;
    }
    if (next.size > 0) {
      std::memcpy(room, next.data, next.size);
    }
    send_lent(0, next.size, true);
    ++taken;
  }
  if (taken > 0) {
    channel_->notify(lane_);
  }
  return taken;
}

std::byte* Sender::more_room(std::size_t size) noexcept {
  Channel::Wakes wakes;
  std::byte* room = nullptr;
  {
    const std::lock_guard lock(channel_->mutex_);
    channel_->renew_credit(lane_);
    const bool limited = !lane_.credit();
    // A full queue that rejects or drops says so when the message is sent, not here.
    const bool speaks_later = queue_ && channel_->settings_.on_full != BP_FULL_BLOCK;
    if (!(speaks_later && (limited || channel_->full(lane_, size))) &&
        channel_->admit(*this, size, wakes) == BP_OK && channel_->grow(*this, size)) {
      room = lane_.here();
    }
  }
  Channel::run(wakes);
  return room;
}

// Other messages went before what was lent: it is copied behind them.
bp_status Sender::send_aside(std::size_t offset, std::size_t size) noexcept {
  message::Message copy =
      message::copy_of(channel_->pool(), std::span<const std::byte>(lent() + offset, size));
  if (!copy.block) {
    return BP_E_NO_MEMORY;
  }
  Envelope envelope;
  envelope.message = std::move(copy);
  const bp_status status = send(std::move(envelope));
  if (status == BP_OK || status == BP_E_DROPPED) {
    return_lent();
  }
  return status;
}

void Sender::return_lent() noexcept {
  lent_.store(nullptr, std::memory_order_relaxed);
  lent_bytes_ = none;
  if (Segment* aside = std::exchange(aside_, nullptr)) {
    lane_.release(aside);
  }
}

bool Sender::blocked() {
  Channel::Wakes wakes;
  bool refused = false;
  {
    const std::lock_guard lock(channel_->mutex_);
    if (queue_ && channel_->settings_.on_full != BP_FULL_BLOCK) {
      return false;
    }
    refused = channel_->admit(*this, 0, wakes) != BP_OK;
  }
  Channel::run(wakes);
  return refused;
}

bp_status Sender::wait_writable(std::uint64_t timeout_ns) {
  const auto until = std::chrono::steady_clock::now() +
                     std::chrono::nanoseconds(std::min(timeout_ns, wait_ns_max));
  while (blocked()) {
    std::unique_lock lock(channel_->mutex_);
    if (!waiting_) {
      continue;  // credit came back between the two locks
    }
    if (channel_->credit_.wait_until(lock, until) == std::cv_status::timeout) {
      return BP_E_TIMEOUT;
    }
  }
  return BP_OK;
}

}  // namespace host::channel
