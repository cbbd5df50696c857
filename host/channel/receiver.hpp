// host/channel/receiver.hpp - one receiving end: takes messages, acknowledges them or hands them
// back.
//
// Owns: what it took and has not settled. Thread: take, finish and keep by its owner, one at a
// time; the rest any. Errors: STALE.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "host/channel/channel.hpp"

namespace host::channel {

struct Delivery {
  std::uint64_t id = 0;  // for ack() and nack()
  std::uint64_t seq = 0;
  bool redelivered = false;
  message::Message message;
};

class Receiver {
 public:
  Receiver(std::shared_ptr<Channel> channel, Channel::ReceiverOptions options);
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  ~Receiver();

  [[nodiscard]] Channel& channel() noexcept { return *channel_; }

  // Takes up to `count_max` messages where they lie: `each` gets a Glimpse of every one. The
  // payloads stay until finish(). batch.more: call again; otherwise `ready` is called when there is
  // more.
  template <typename Each>
  void take(std::size_t count_max, Batch& batch, Each&& each);

  // Keeps message number `index` of the batch beyond finish(): its id for ack() and nack(), and
  // where its bytes are now. 0: no memory.
  [[nodiscard]] std::uint64_t keep(Batch& batch, std::uint32_t index, const Glimpse& glimpse,
                                   message::Message& kept);

  // Acknowledges what was not kept.
  void finish(Batch& batch);

  // The same for those who keep every message: appends up to `count_max` deliveries; `missed`
  // counts what this subscriber lost since the last call. Answers whether more is there already.
  bool take(std::size_t count_max, std::vector<Delivery>& out, std::uint64_t& missed);

  // False: settled before, or closed.
  bool ack(std::uint64_t id);
  bool nack(std::uint64_t id, std::uint64_t delay_ns, const error::Error& error);

  // Hand it to the dead letter channel without another try.
  bool reject(std::uint64_t id, const error::Error& error);

  void pause();
  void resume();

  // Take nothing more; what was taken may still be settled. close() follows when nobody holds this
  // end any more.
  void leave();

  // What was taken and not settled goes back to the queue; a broadcast's publishers are told.
  void close();

 private:
  friend class Channel;
  using Wakes = Channel::Wakes;

  [[nodiscard]] bool gating() const noexcept {
    return broadcast_ && (options_.flags & (BP_CHAN_GATING | BP_CHAN_CONFIRMING)) != 0 &&
           !cut_.load(std::memory_order_relaxed);
  }

  [[nodiscard]] bool confirming() const noexcept {
    return (options_.flags & BP_CHAN_CONFIRMING) != 0;
  }

  [[nodiscard]] Reader& reader() noexcept { return group_->reader; }

  // How many more it may take.
  [[nodiscard]] std::size_t allowance() const noexcept;
  void take_again(std::size_t count_max, Batch& batch);
  void end_of_take(std::size_t count_max, std::size_t wanted, Batch& batch);
  void settle_skipped(Batch& batch);
  void closed_meanwhile();
  void settled(std::uint32_t count);
  [[nodiscard]] bool something_waits();
  [[nodiscard]] bool fall_asleep();
  void look_again();
  void caught_up();

  // Under the channel's lock.
  void detach(Wakes& wakes);
  void give_back(Envelope&& envelope, std::uint64_t delay_ns, const error::Error& error,
                 Wakes& wakes);
  void deliver_again(std::uint64_t delay_ns, Envelope&& envelope, Wakes& wakes);
  void take_back(Batch& batch, Wakes& wakes);
  void take_back_open(Wakes& wakes);
  void tell_gone(const Envelope& envelope, Wakes& wakes) const;

  [[nodiscard]] error::Error gone() const;
  [[nodiscard]] error::Error stalled() const;
  bool return_one(std::uint64_t id, std::uint64_t delay_ns, const error::Error& error, bool last);

  std::shared_ptr<Channel> channel_;
  Channel::ReceiverOptions options_;
  std::shared_ptr<const std::function<void()>> ready_;
  const bool broadcast_;
  std::shared_ptr<Group> group_;  // of a broadcast's subscriber: its own; null: never got in
  std::atomic<bool> asleep_{false};
  std::atomic<bool> paused_{false};
  std::atomic<bool> cut_{false};           // stalled too long: not gating until it has caught up
  std::atomic<std::uint32_t> in_hand_{0};  // taken and neither acknowledged nor handed back
  std::atomic<std::uint64_t> delivered_{0};
  std::atomic<std::uint64_t> acknowledged_{0};
  std::atomic<std::uint64_t> lagged_{0};

  std::atomic<Batch*> open_{nullptr};  // in its owner's hands; who takes it out settles it
  std::atomic<bool> closed_{false};

  // Under the channel's lock.
  bool detached_ = false;  // left the channel; what it took may still be settled
  std::uint64_t next_id_ = 1;
  std::unordered_map<std::uint64_t, Envelope> kept_;
};

template <typename Each>
void Receiver::take(std::size_t count_max, Batch& batch, Each&& each) {
  batch.clear();
  const std::size_t wanted = std::min(count_max, allowance());
  if (group_->again_count.load(std::memory_order_acquire) > 0) {
    take_again(wanted, batch);
    for (const Batch::Special& special : batch.specials) {
      const Envelope& envelope = special.envelope;
      each(Glimpse{envelope.message.data(), static_cast<std::uint32_t>(envelope.message.size),
                   envelope.seq, &envelope});
    }
  }
  if (batch.count < wanted) {
    group_->reader.read(wanted, broadcast_ && !gating(), batch, each);
  }
  end_of_take(count_max, wanted, batch);
}

}  // namespace host::channel
