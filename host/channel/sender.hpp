// host/channel/sender.hpp - a sending end: one lane, written by one thread at a time.
//
// Owns: its lane until it is drained, and the room it lent. Thread: one at a time; blocked() and
// wait_writable() too. Errors: WOULD_BLOCK, FULL, DROPPED, TOO_LARGE, NO_MEMORY.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "host/channel/channel.hpp"

namespace host::channel {

class Sender {
 public:
  // `keeps`: the channel is in use while this is there.
  Sender(std::shared_ptr<Channel> channel, Lane& lane, std::function<void()> writable, bool keeps);
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;
  ~Sender();

  [[nodiscard]] Channel& channel() noexcept { return *channel_; }

  // Any message. OK, DROPPED: taken. Anything else: `envelope` is untouched.
  bp_status send(Envelope&& envelope);

  // Room in the lane for a payload of up to `size` bytes, one at a time; null: there is none now,
  // or the message is too large for a record. Nothing was changed then.
  [[nodiscard]] std::byte* reserve(std::size_t size) noexcept {
    if (lent_bytes_ != none || size > record_payload_bytes_max) [[unlikely]] {
      return nullptr;
    }
    std::byte* room = lane_.room(size);
    if (room == nullptr) [[unlikely]] {
      room = more_room(size);
      if (room == nullptr) {
        return nullptr;
      }
    }
    lent_.store(room, std::memory_order_relaxed);
    lent_bytes_ = size;
    return room;
  }

  // What reserve() lent and is not given back; null: nothing.
  [[nodiscard]] std::byte* lent() const noexcept { return lent_.load(std::memory_order_relaxed); }

  [[nodiscard]] std::size_t lent_bytes() const noexcept {
    return lent_bytes_ == none ? 0 : lent_bytes_;
  }

  // Publishes a part of it that begins 16-aligned. It lies within: that was checked.
  // `settled`: the caller calls settle() soon, for many messages at once.
  bp_status send_lent(std::size_t offset, std::size_t size, bool settled) noexcept {
    if (aside_ != nullptr) [[unlikely]] {
      return send_aside(offset, size);
    }
    lent_bytes_ = none;
    lent_.store(nullptr, std::memory_order_relaxed);
    Channel& channel = *channel_;
    Lane& lane = lane_;
    if (channel.activity() == 0 && !queue_) {
      lane.pass_over(1);
      return BP_OK;
    }
    lane.commit(static_cast<std::uint16_t>(offset / payload_alignment_bytes),
                static_cast<std::uint32_t>(size));
    if (!settled) {
      std::atomic_thread_fence(std::memory_order_seq_cst);
    }
    channel.notify(lane);
    return BP_OK;
  }

  // Copies and publishes as many of the messages as go straight into the lane: how many. It stops
  // before one with a lease, or above `bytes_max`. The caller calls settle().
  std::uint32_t send_copies(const bp_buf* messages, std::uint32_t count,
                            std::size_t bytes_max) noexcept;

  void return_lent() noexcept;

  // Wakes whoever fell asleep while its last messages were on their way.
  void settle() {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    settled_seq_.store(lane_.seq(), std::memory_order_relaxed);
    channel_->notify(lane_);
  }

  // Would a message be refused for want of credit now? Remembers that this sender waits.
  [[nodiscard]] bool blocked();

  // A word that says how many receivers there are, from now until another one or null.
  void mirror_activity(std::uint32_t* word);

  // OK, TIMEOUT.
  bp_status wait_writable(std::uint64_t timeout_ns);

 private:
  friend class Channel;
  static constexpr std::size_t none = ~std::size_t{0};

  [[nodiscard]] std::byte* more_room(std::size_t size) noexcept;
  bp_status send_aside(std::size_t offset, std::size_t size) noexcept;

  const std::shared_ptr<Channel> channel_;
  Lane& lane_;
  const bool queue_;
  const bool keeps_;
  // Another thread may look whose room it was misled about: the value is compared, never followed.
  std::atomic<std::byte*> lent_ = nullptr;
  std::size_t lent_bytes_ = none;
  // The strand settles what it sent while another thread may send already.
  std::atomic<std::uint64_t> settled_seq_;
  Segment* aside_ = nullptr;  // holds what was lent, when other messages went before it
  const std::function<void()> writable_;
  bool waiting_ = false;                      // under the channel's lock
  std::uint32_t* activity_mirror_ = nullptr;  // the same
};

}  // namespace host::channel
