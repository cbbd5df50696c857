// host/channel/receiver.hpp - one receiving end: takes messages, acknowledges them or hands them
// back.
//
// Owns: what it took and has not settled. Thread: take() by its owner; the rest any. Errors: STALE.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
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

  ~Receiver() { close(); }

  [[nodiscard]] Channel& channel() noexcept { return *channel_; }

  // Appends up to `count_max` deliveries; `missed` counts what this subscriber lost since the last
  // call. Answers whether more is there already.
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

  [[nodiscard]] bool gating() const noexcept {
    return (options_.flags & (BP_CHAN_GATING | BP_CHAN_CONFIRMING)) != 0 && !cut_;
  }

  [[nodiscard]] bool confirming() const noexcept {
    return (options_.flags & BP_CHAN_CONFIRMING) != 0;
  }

  [[nodiscard]] bool something_waits() const noexcept;
  bool take_one(std::vector<Delivery>& out);
  void detach(Channel::Wakes& wakes);
  void tell_gone(const Envelope& envelope, Channel::Wakes& wakes) const;
  [[nodiscard]] error::Error gone() const;
  void deliver_again(std::uint64_t delay_ns, Envelope&& envelope, Channel::Wakes& wakes);
  bool return_one(std::uint64_t id, std::uint64_t delay_ns, const error::Error& error, bool last);
  void give_back(Envelope&& envelope, std::uint64_t delay_ns, const error::Error& error,
                 Channel::Wakes& wakes);

  std::shared_ptr<Channel> channel_;
  Channel::ReceiverOptions options_;
  std::uint64_t number_ = 0;  // names this receiver in delayed work that may outlive it
  // All of this is under the channel's lock.
  std::uint64_t cursor_ = 0;  // broadcast: next seq to take
  std::uint64_t missed_ = 0;
  std::uint64_t next_id_ = 1;
  bool notified_ = false;
  bool paused_ = false;
  bool detached_ = false;  // left the channel; what it took may still be settled
  bool closed_ = false;
  bool cut_ = false;            // stalled too long: treated as not gating until it has caught up
  std::deque<Envelope> again_;  // broadcast: handed back by nack
  std::unordered_map<std::uint64_t, Envelope> taken_;
};

}  // namespace host::channel
