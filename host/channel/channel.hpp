// host/channel/channel.hpp - one named, bounded stream: a queue or a broadcast.
//
// Owns: the undelivered messages. Thread: any. Errors: WOULD_BLOCK, FULL, DROPPED, CLOSED,
// TOO_LARGE. Callbacks (ready, writable, confirmations) run outside the channel's lock, on the
// thread that caused them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backplane/abi/channel.h"

#include "host/channel/confirmation.hpp"
#include "host/error/error.hpp"
#include "host/message/pool.hpp"

namespace host::channel {

inline constexpr std::uint64_t block_timeout_default_ns = 5'000'000'000;
inline constexpr std::uint32_t retry_max_default = 3;
inline constexpr std::size_t ends_max = 65'536;

struct Settings {
  std::string name;
  std::uint32_t kind = BP_KIND_QUEUE;
  std::string type = "bytes";
  std::uint64_t schema = 0;
  std::uint32_t capacity = BP_CHAN_CAPACITY_DEFAULT;  // messages
  std::size_t bytes_max = std::size_t{64} << 20U;     // undelivered payload
  std::size_t message_bytes_max = BP_MESSAGE_BYTES_MAX;
  std::uint32_t on_full = BP_FULL_BLOCK;
  std::uint64_t block_timeout_ns =
      block_timeout_default_ns;                 // how long a gating subscriber may stall
  std::uint32_t retry_max = retry_max_default;  // redeliveries before the dead letter
};

struct Envelope {
  message::Message message;
  std::uint64_t seq = 0;
  std::uint32_t attempts = 0;
  std::shared_ptr<Confirmation> confirmation;
};

struct Stats {
  std::uint64_t published = 0;
  std::uint64_t delivered = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t redelivered = 0;
  std::uint64_t dropped_newest = 0;
  std::uint64_t dropped_oldest = 0;
  std::uint64_t lagged = 0;
  std::uint64_t rejected = 0;
  std::uint64_t dead_lettered = 0;
  std::uint64_t depth = 0;
  std::uint64_t receivers = 0;
  std::uint64_t senders = 0;
};

// What a channel needs from above.
struct Surroundings {
  std::function<void(std::uint64_t delay_ns, std::function<void()>)> after;
  std::function<void(const Settings&, Envelope&&, const error::Error&)> dead_letter;
  std::function<void(const Settings&, const std::string& who)>
      cut_back;  // a gating subscriber stalled too long
};

class Receiver;
class Sender;

class Channel : public std::enable_shared_from_this<Channel> {
 public:
  Channel(Settings settings, Surroundings surroundings);
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  [[nodiscard]] const Settings& settings() const noexcept { return settings_; }

  struct ReceiverOptions {
    std::string owner;                 // who, for reports
    std::uint32_t flags = 0;           // BP_CHAN_*
    std::uint32_t concurrency = 0;     // 0: the channel's capacity
    std::function<void()> ready = {};  // something may be there to take
    // Until resume(): for an owner whose `ready` needs the receiver that is being opened.
    bool paused = false;
  };

  [[nodiscard]] std::shared_ptr<Receiver> open_receiver(ReceiverOptions options);

  // `writable`: credit is back after a refusal with WOULD_BLOCK.
  [[nodiscard]] std::shared_ptr<Sender> open_sender(std::function<void()> writable);

  [[nodiscard]] Stats stats() const;

  // How many receivers are open; read without the lock.
  [[nodiscard]] const std::uint32_t* activity_word() const noexcept { return &activity_; }

 private:
  friend class Receiver;
  friend class Sender;
  using Wakes = std::vector<std::function<void()>>;

  bp_status publish(Sender& sender, Envelope&& envelope);
  bp_status admit_queue(Sender& sender, std::size_t bytes, Wakes& wakes);
  bp_status admit_broadcast(Sender& sender, Wakes& wakes);
  void evict_oldest(Wakes& wakes);
  void trim();
  void wake_receivers(Wakes& wakes);
  void wake_senders(Wakes& wakes);
  void arm_stall_timer(Wakes& wakes);
  void end_stall(std::uint64_t stall);
  void return_to_queue(Envelope&& envelope, Wakes& wakes);
  static void run(Wakes& wakes);

  [[nodiscard]] std::uint64_t base() const noexcept { return next_seq_ - log_.size(); }

  [[nodiscard]] bool queue_full(std::size_t bytes) const noexcept {
    return log_.size() >= settings_.capacity ||
           (!log_.empty() && bytes_ + bytes > settings_.bytes_max);
  }

  const Settings settings_;
  const Surroundings surroundings_;
  mutable std::mutex mutex_;
  std::condition_variable credit_;
  std::deque<Envelope>
      log_;  // queue: what waits; broadcast: the last messages, seq base() .. next_seq_ - 1
  std::size_t bytes_ = 0;
  std::uint64_t next_seq_ = 1;
  std::uint64_t next_queue_seq_ = 1;
  std::uint64_t stall_ = 0;  // number of the present stall; 0: none
  std::uint64_t stalls_ = 0;
  std::uint64_t receivers_opened_ = 0;
  std::vector<Receiver*> receivers_;
  std::vector<Sender*> senders_;
  std::uint32_t activity_ = 0;
  Stats stats_;
};

// A sending end.
class Sender {
 public:
  Sender(std::shared_ptr<Channel> channel, std::function<void()> writable);
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;
  ~Sender();

  [[nodiscard]] Channel& channel() noexcept { return *channel_; }

  // OK, DROPPED: taken. Anything else: `envelope` is untouched.
  bp_status send(Envelope&& envelope);

  // Would a message be refused for want of credit now? Remembers that this sender waits.
  [[nodiscard]] bool blocked();

  // OK, TIMEOUT.
  bp_status wait_writable(std::uint64_t timeout_ns);

 private:
  friend class Channel;
  std::shared_ptr<Channel> channel_;
  std::function<void()> writable_;
  bool waiting_ = false;  // under the channel's lock
};

}  // namespace host::channel
