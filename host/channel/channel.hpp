// host/channel/channel.hpp - one named, bounded stream: a queue or a broadcast.
//
// Each sending end writes a lane of its own; readers follow all lanes. What is rare goes through
// the channel's lock: opening and closing, a full lane, redelivery, letters. What is frequent does
// not: publishing a small message, and reading.
//
// Owns: the lanes and what is undelivered. Thread: any. Errors: WOULD_BLOCK, FULL, DROPPED, CLOSED,
// TOO_LARGE. Callbacks (ready, writable, confirmations) run outside the channel's lock, on the
// thread that caused them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backplane/abi/channel.h"

#include "host/channel/confirmation.hpp"
#include "host/channel/group.hpp"
#include "host/channel/lane.hpp"
#include "host/error/error.hpp"
#include "host/message/pool.hpp"

namespace host::channel {

inline constexpr std::uint64_t block_timeout_default_ns = 5'000'000'000;
inline constexpr std::uint32_t retry_max_default = 3;
inline constexpr std::size_t ends_max = 65'536;
// With more sleepers than this, waking them is not the publisher's work.
inline constexpr std::size_t wakes_by_publisher_max = 4;
// So many ends that are gone may each have left messages in a lane that nobody has written to
// since.
inline constexpr std::size_t left_lanes_max = 8;
// A lane grows by no more than this part of its byte limit: that is looked at where it grows.
inline constexpr std::size_t segments_per_limit = 4;
inline constexpr std::uint32_t no_lane = ~std::uint32_t{0};

struct Settings {
  std::string name;
  std::uint32_t kind = BP_KIND_QUEUE;
  std::string type = "bytes";
  std::uint64_t schema = 0;
  std::uint32_t capacity = BP_CHAN_CAPACITY_DEFAULT;  // messages of one sending end
  // Undelivered, of one sending end: records with their headers, and what lies beside the lane.
  std::size_t bytes_max = std::size_t{64} << 20U;
  std::size_t message_bytes_max = BP_MESSAGE_BYTES_MAX;
  std::uint32_t on_full = BP_FULL_BLOCK;
  std::uint64_t block_timeout_ns =
      block_timeout_default_ns;                 // how long a gating subscriber may stall
  std::uint32_t retry_max = retry_max_default;  // redeliveries before the dead letter
  std::vector<std::string> groups;              // of a queue: that are there from the beginning
  bool lasting = false;                         // stays when nobody uses it
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

class Channel;

// What a channel needs from above.
struct Surroundings {
  std::function<void(std::uint64_t delay_ns, std::function<void()>)> after;
  std::function<void(std::function<void()>)> post;  // run soon, on another turn; may be empty
  std::function<void(const Settings&, Envelope&&, const error::Error&)> dead_letter;
  std::function<void(const Settings&, const std::string& who)>
      cut_back;  // a gating subscriber stalled too long
  // It may be retired now; who was told asks with retire().
  std::function<void(const std::shared_ptr<Channel>&)> unused;
  message::Pool* pool = nullptr;  // for messages kept beyond their turn; null: an own one
};

class Receiver;
class Sender;

class Channel : public std::enable_shared_from_this<Channel> {
 public:
  Channel(Settings settings, Surroundings surroundings);
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel();

  [[nodiscard]] const Settings& settings() const noexcept { return settings_; }

  [[nodiscard]] bool is_queue() const noexcept { return settings_.kind == BP_KIND_QUEUE; }

  struct ReceiverOptions {
    std::string owner = {};            // who, for reports
    std::string group = {};            // of a queue's consumers; empty: the default one
    std::uint32_t flags = 0;           // BP_CHAN_*
    std::uint32_t concurrency = 0;     // 0: the channel's capacity
    std::function<void()> ready = {};  // something may be there to take
    // Somebody who only looks in: the default group does not last for it.
    bool guest = false;
    // Until resume(): for an owner whose `ready` needs the receiver that is being opened.
    bool paused = false;
  };

  // Null: the channel is retired.
  [[nodiscard]] std::shared_ptr<Receiver> open_receiver(ReceiverOptions options);

  // `writable`: credit is back after a refusal with WOULD_BLOCK. `keeps`: the channel is in use
  // while it is open. Null: the channel is retired.
  [[nodiscard]] std::shared_ptr<Sender> open_sender(std::function<void()> writable,
                                                    bool keeps = true);

  // Nobody opens an end from now on. False: somebody uses it, something is left in it, or it is to
  // last.
  [[nodiscard]] bool retire();

  [[nodiscard]] bool retired() const;

  [[nodiscard]] Stats stats() const;

  // The wall clock when it was made.
  [[nodiscard]] std::uint64_t created_unix_ns() const noexcept { return created_unix_ns_; }

  // How many receivers are open; read without the lock.
  [[nodiscard]] const std::uint32_t* activity_word() const noexcept { return &activity_; }

 private:
  friend class Receiver;
  friend class Sender;
  using Wakes = std::vector<std::function<void()>>;

  [[nodiscard]] std::uint32_t activity() const noexcept {
    return std::atomic_ref(const_cast<std::uint32_t&>(activity_)).load(std::memory_order_relaxed);
  }

  // Does anybody sleep who may want what was just published in `lane`, or not look there? A
  // publisher whose store may still be on its way has to ask again behind a fence (Sender::settle).
  void notify(Lane& lane) {
    if ((static_cast<unsigned>(sleepy_.load(std::memory_order_relaxed)) |
         static_cast<unsigned>(lane.wants_call())) != 0) [[unlikely]] {
      wake(lane);
    }
  }

  void wake(Lane& lane);
  void call_and_wake(std::uint32_t number);
  void wake_all();
  void wake_waiting_senders();

  void end_gone();
  void tell_unused();

  // The rest is under mutex_.
  [[nodiscard]] bool in_use() const;
  void set_activity(std::size_t receivers);
  bp_status publish(Sender& sender, Envelope& envelope, Wakes& wakes);
  [[nodiscard]] bool write_small(Sender& sender, const Envelope& envelope);
  void write_letter(Sender& sender, Envelope&& envelope);
  [[nodiscard]] bp_status admit(Sender& sender, std::size_t bytes, Wakes& wakes);
  [[nodiscard]] bp_status admit_queue(Sender& sender, std::size_t bytes, Wakes& wakes);
  [[nodiscard]] bp_status admit_broadcast(Sender& sender, std::size_t bytes, Wakes& wakes);
  [[nodiscard]] bool full(Lane& lane, std::size_t bytes) const;
  [[nodiscard]] bool over_bytes(Lane& lane, std::size_t bytes) const;
  [[nodiscard]] std::uint64_t slowest(Lane& lane) const;
  void renew_credit(Lane& lane);
  void drop_oldest(Lane& lane, std::size_t bytes, Wakes& wakes);
  void declare_groups();
  [[nodiscard]] std::shared_ptr<Group> join_group(const ReceiverOptions& who);
  std::shared_ptr<Group> begin_group();
  void leave_group(Receiver& receiver, Wakes& wakes);
  void share_credit();
  [[nodiscard]] Lane* take_over();
  [[nodiscard]] Lane& make_lane();
  [[nodiscard]] bool grow(Sender& sender, std::size_t size);
  [[nodiscard]] std::uint64_t gate(Lane& lane);
  void tell_missed(Lane& lane, std::uint64_t until_seq, Wakes& wakes);
  void make_room(Sender& sender, std::size_t bytes, Wakes& wakes);
  void wait_for_credit(Sender& sender);
  void wake_senders(Wakes& wakes);
  void arm_stall_timer(Wakes& wakes);
  void return_to(Group& group, Envelope&& envelope);
  void ask_again_for_credit();
  void sweep();
  void set_aside_lent(Sender& sender);

  void end_stall(std::uint64_t stall);
  void cut_back(Receiver& receiver, Wakes& wakes);
  static void run(Wakes& wakes);
  [[nodiscard]] message::Pool& pool() noexcept;

  const Settings settings_;
  const Surroundings surroundings_;
  const std::uint64_t created_unix_ns_;
  std::unique_ptr<message::Pool> own_pool_;
  std::uint32_t activity_ = 0;
  std::atomic<bool> sleepy_{false};  // a receiver fell asleep since everyone was woken last
  std::atomic<bool> sender_waits_{false};
  std::atomic<std::size_t> receiver_count_{0};

  mutable std::mutex mutex_;
  std::condition_variable credit_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<std::uint32_t> free_numbers_;     // of lanes that are gone
  std::vector<Lane*> left_;                     // lanes of ends that are gone, in that order
  std::vector<std::shared_ptr<Group>> groups_;  // of a queue: at least one
  std::uint64_t stall_ = 0;                     // number of the present stall; 0: none
  std::uint64_t stalls_ = 0;
  std::size_t ends_since_sweep_ = 0;
  std::size_t ends_ = 0;     // that keep it, until they are destroyed: they may hold messages
  std::size_t delayed_ = 0;  // messages that come back later
  bool retired_ = false;
  std::vector<Receiver*> receivers_;
  std::vector<Sender*> senders_;
  Stats stats_;  // what is counted under the lock, and by ends that are gone
};

}  // namespace host::channel
