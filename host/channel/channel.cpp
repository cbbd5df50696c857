// host/channel/channel.cpp - admission by policy, credit, waking.
#include "host/channel/channel.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>
#include <utility>

#include "host/channel/receiver.hpp"
#include "host/channel/sender.hpp"

namespace host::channel {

namespace {

// Copying this much is cheaper than a letter.
constexpr std::size_t copied_bytes_max = 1024;

void arrive_dropped(const Envelope& envelope, const char* why,
                    std::vector<std::function<void()>>& wakes) {
  if (envelope.confirmation) {
    wakes.emplace_back([confirmation = envelope.confirmation, why] {
      confirmation->arrive(error::Error(BP_E_DROPPED, why));
    });
  }
}

}  // namespace

Channel::Channel(Settings settings, Surroundings surroundings)
    : settings_(std::move(settings)),
      surroundings_(std::move(surroundings)),
      created_unix_ns_(static_cast<std::uint64_t>(
          std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count())) {
  if (surroundings_.pool == nullptr) {
    own_pool_ = std::make_unique<message::Pool>();
  }
  if (is_queue()) {
    declare_groups();
  }
}

// Nobody is left who could take what a queue still holds.
Channel::~Channel() {
  const error::Error gone(BP_E_ABANDONED, "channel '" + settings_.name +
                                              "' was closed before the message was acknowledged");
  std::vector<std::shared_ptr<Confirmation>> waiting;
  for (const std::shared_ptr<Group>& group : groups_) {
    for (const Envelope& envelope : group->again) {
      waiting.push_back(envelope.confirmation);
    }
    group->reader.leave([&](const Record& record) {
      if (record.letter != 0) {
        waiting.push_back(record.the_letter()->envelope.confirmation);
      }
    });
  }
  for (const std::shared_ptr<Confirmation>& confirmation : waiting) {
    if (confirmation) {
      confirmation->arrive(gone);
    }
  }
}

message::Pool& Channel::pool() noexcept {
  return own_pool_ ? *own_pool_ : *surroundings_.pool;
}

void Channel::run(Wakes& wakes) {
  for (const std::function<void()>& wake : wakes) {
    wake();
  }
}

Stats Channel::stats() const {
  const std::lock_guard lock(mutex_);
  Stats stats = stats_;
  for (const std::unique_ptr<Lane>& lane : lanes_) {
    stats.published += lane->seq() - 1;
  }
  for (const Receiver* receiver : receivers_) {
    stats.delivered += receiver->delivered_.load(std::memory_order_relaxed);
    stats.acknowledged += receiver->acknowledged_.load(std::memory_order_relaxed);
    stats.lagged += receiver->lagged_.load(std::memory_order_relaxed);
  }
  for (const std::shared_ptr<Group>& group : groups_) {
    const std::uint64_t again = is_queue() ? group->again.size() : 0;
    stats.depth = std::max(stats.depth, group->reader.depth() + again);
  }
  stats.receivers = receivers_.size();
  stats.senders = senders_.size();
  return stats;
}

// ---- waking

void Channel::wake(Lane& lane) {
  const std::uint32_t number = lane.wants_call() && lane.take_call() ? lane.number() : no_lane;
  if (!sleepy_.exchange(false, std::memory_order_seq_cst) && number == no_lane) {
    return;
  }
  if (receiver_count_.load(std::memory_order_relaxed) > wakes_by_publisher_max &&
      surroundings_.post) {
    surroundings_.post([weak = weak_from_this(), number] {
      if (const auto self = weak.lock()) {
        self->call_and_wake(number);
      }
    });
    return;
  }
  call_and_wake(number);
}

void Channel::wake_all() {
  call_and_wake(no_lane);
}

// The lane may be gone meanwhile: a call for nothing is harmless. Sleepers are looked for behind
// the calls, whatever `sleepy_` says: one may have fallen asleep before it could see its call.
void Channel::call_and_wake(std::uint32_t number) {
  boost::container::small_vector<std::shared_ptr<const std::function<void()>>, 8> ready;
  {
    const std::lock_guard lock(mutex_);
    for (const std::shared_ptr<Group>& group : groups_) {
      if (number != no_lane) {
        group->reader.call(number);
      }
    }
    for (Receiver* receiver : receivers_) {
      if (receiver->asleep_.exchange(false, std::memory_order_seq_cst) && receiver->ready_) {
        ready.push_back(receiver->ready_);
      }
    }
  }
  for (const auto& call : ready) {
    (*call)();
  }
}

void Channel::wait_for_credit(Sender& sender) {
  sender.waiting_ = true;
  sender_waits_.store(true, std::memory_order_seq_cst);
}

void Channel::wake_senders(Wakes& wakes) {
  stall_ = 0;
  sender_waits_.store(false, std::memory_order_relaxed);
  credit_.notify_all();
  for (Sender* sender : senders_) {
    if (std::exchange(sender->waiting_, false) && sender->writable_) {
      wakes.push_back(sender->writable_);
    }
  }
}

void Channel::wake_waiting_senders() {
  Wakes wakes;
  {
    const std::lock_guard lock(mutex_);
    wake_senders(wakes);
  }
  run(wakes);
}

// ---- admission

// How far a lane of a broadcast may be written: its slowest gating subscriber's place, and
// capacity.
std::uint64_t Channel::gate(Lane& lane) {
  std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();
  for (Receiver* receiver : receivers_) {
    if (receiver->gating()) {
      limit = std::min(limit, receiver->reader().position(lane) + settings_.capacity);
    }
  }
  return limit;
}

void Channel::ask_again_for_credit() {
  for (const std::unique_ptr<Lane>& lane : lanes_) {
    lane->set_limit(0);
  }
}

// Where the slowest group stands.
std::uint64_t Channel::slowest(Lane& lane) const {
  std::uint64_t slowest = lane.seq();
  for (const std::shared_ptr<Group>& group : groups_) {
    slowest = std::min(slowest, group->reader.position(lane));
  }
  return slowest;
}

// Where a queue has several groups, none of them knows how far the lane may be written.
void Channel::renew_credit(Lane& lane) {
  if (is_queue() && groups_.size() > 1) {
    lane.set_limit(slowest(lane) + settings_.capacity);
  }
}

// Counted are records from the slowest reader's on, and the messages that lie beside them. The
// first question is the cheap one: what is kept may have been read.
bool Channel::over_bytes(Lane& lane, std::size_t bytes) const {
  const std::uint64_t written = lane.written_bytes();
  const std::uint64_t beside = lane.letter_bytes() + bytes;
  const std::uint64_t kept = lane.first_kept_byte();
  if (written - kept + beside <= settings_.bytes_max) {
    return false;
  }
  std::uint64_t slowest = written;
  for (const std::shared_ptr<Group>& group : groups_) {
    slowest = std::min(slowest, group->reader.position_bytes(lane));
  }
  return written - std::max(slowest, kept) + beside > settings_.bytes_max;
}

bp_status Channel::admit(Sender& sender, std::size_t bytes, Wakes& wakes) {
  return is_queue() ? admit_queue(sender, bytes, wakes) : admit_broadcast(sender, bytes, wakes);
}

// Of a queue.
bool Channel::full(Lane& lane, std::size_t bytes) const {
  const std::uint64_t waiting = lane.seq() - slowest(lane);
  return waiting >= settings_.capacity || (waiting > 0 && over_bytes(lane, bytes));
}

// For the slowest group only: the others have taken it, or have room.
void Channel::drop_oldest(Lane& lane, std::size_t bytes, Wakes& wakes) {
  while (full(lane, bytes)) {
    const auto slowest = std::ranges::min_element(
        groups_, {},
        [&](const std::shared_ptr<Group>& group) { return group->reader.position(lane); });
    Envelope oldest;
    if (!(*slowest)->reader.drop_oldest(lane, oldest)) {
      return;
    }
    ++stats_.dropped_oldest;
    arrive_dropped(oldest, "dropped as the oldest message of a full queue", wakes);
  }
}

bp_status Channel::admit_queue(Sender& sender, std::size_t bytes, Wakes& wakes) {
  Lane& lane = sender.lane_;
  renew_credit(lane);
  if (!full(lane, bytes)) {
    return BP_OK;
  }
  switch (settings_.on_full) {
    case BP_FULL_REJECT:
      ++stats_.rejected;
      return BP_E_FULL;
    case BP_FULL_DROP_NEWEST:
      ++stats_.dropped_newest;
      return BP_E_DROPPED;
    case BP_FULL_DROP_OLDEST:
      drop_oldest(lane, bytes, wakes);
      renew_credit(lane);
      return BP_OK;
    default:
      wait_for_credit(sender);
      renew_credit(lane);
      if (!full(lane, bytes)) {  // a consumer may have looked for waiting senders just before
        return BP_OK;
      }
      return BP_E_WOULD_BLOCK;
  }
}

bp_status Channel::admit_broadcast(Sender& sender, std::size_t bytes, Wakes& wakes) {
  Lane& lane = sender.lane_;
  lane.set_limit(gate(lane));
  const auto held_back = [&] {
    return !lane.credit() ||
           (over_bytes(lane, bytes) && gate(lane) < lane.seq() + settings_.capacity);
  };
  if (held_back()) {
    wait_for_credit(sender);
    lane.set_limit(gate(lane));
    if (held_back()) {
      arm_stall_timer(wakes);
      return BP_E_WOULD_BLOCK;
    }
  }
  make_room(sender, bytes, wakes);
  return BP_OK;
}

// What nobody may come back for any more goes, and more than that where memory asks for it.
void Channel::make_room(Sender& sender, std::size_t bytes, Wakes& wakes) {
  Lane& lane = sender.lane_;
  if (const std::uint64_t next = lane.seq() + 1; next > settings_.capacity) {
    tell_missed(lane, next - settings_.capacity, wakes);
  }
  while (over_bytes(lane, bytes)) {
    set_aside_lent(sender);  // it lies in a segment that may leave
    tell_missed(lane, lane.first_seq_after_evict(), wakes);
    if (!lane.evict()) {
      return;
    }
  }
}

// Confirmations that a subscriber which was cut back cannot give any more.
void Channel::tell_missed(Lane& lane, std::uint64_t until_seq, Wakes& wakes) {
  for (Receiver* receiver : receivers_) {
    if (!receiver->confirming() || receiver->gating()) {
      continue;
    }
    receiver->reader().skip(lane, until_seq, [&](const Record& record) {
      if (record.letter != 0 && record.the_letter()->envelope.confirmation) {
        wakes.emplace_back([confirmation = record.the_letter()->envelope.confirmation,
                            error = receiver->stalled()] { confirmation->arrive(error); });
      }
    });
  }
}

void Channel::arm_stall_timer(Wakes& wakes) {
  if (stall_ != 0 || !surroundings_.after) {
    return;
  }
  stall_ = ++stalls_;
  wakes.emplace_back([self = weak_from_this(), after = surroundings_.after, stall = stall_,
                      timeout_ns = settings_.block_timeout_ns] {
    after(timeout_ns, [self, stall] {
      if (const auto channel = self.lock()) {
        channel->end_stall(stall);
      }
    });
  });
}

void Channel::end_stall(std::uint64_t stall) {
  Wakes wakes;
  {
    const std::lock_guard lock(mutex_);
    if (stall_ != stall) {
      return;  // credit came back meanwhile
    }
    // Who is a whole capacity behind; where there is none, memory is short: who is behind at all.
    bool found = false;
    for (const std::uint64_t distance : {std::uint64_t{settings_.capacity}, std::uint64_t{1}}) {
      for (Receiver* receiver : receivers_) {
        const bool stalls =
            receiver->gating() && std::ranges::any_of(senders_, [&](const Sender* sender) {
              Lane& lane = sender->lane_;
              return sender->waiting_ && receiver->reader().position(lane) + distance <= lane.seq();
            });
        if (stalls) {
          cut_back(*receiver, wakes);
          found = true;
        }
      }
      if (found) {
        break;
      }
    }
    wake_senders(wakes);
  }
  run(wakes);
}

void Channel::cut_back(Receiver& receiver, Wakes& wakes) {
  receiver.cut_.store(true, std::memory_order_relaxed);
  if (surroundings_.cut_back) {
    wakes.emplace_back([this, who = receiver.options_.owner, self = shared_from_this()] {
      surroundings_.cut_back(settings_, who);
    });
  }
}

// ---- publishing what does not go the short way

// Room in memory where there is credit.
bool Channel::grow(Sender& sender, std::size_t size) {
  if (sender.lane_.room(size) == nullptr) {
    sender.lane_.extend(size);
  }
  return sender.lane_.room(size) != nullptr;
}

// Other messages go before what was lent, or its segment may leave.
void Channel::set_aside_lent(Sender& sender) {
  if (sender.lent_bytes_ != Sender::none && sender.aside_ == nullptr) {
    sender.aside_ = sender.lane_.set_aside();
  }
}

bool Channel::write_small(Sender& sender, const Envelope& envelope) {
  const message::Message& message = envelope.message;
  if (envelope.confirmation || message.traced || envelope.attempts > 0 ||
      message.size > copied_bytes_max || !grow(sender, message.size)) {
    return false;
  }
  if (message.size > 0) {
    std::memcpy(sender.lane_.here(), message.data(), message.size);
  }
  sender.lane_.commit(0, static_cast<std::uint32_t>(message.size));
  return true;
}

void Channel::write_letter(Sender& sender, Envelope&& envelope) {
  auto letter = std::make_unique<Letter>();
  letter->envelope = std::move(envelope);
  letter->bytes = letter->envelope.message.size;
  letter->readers.store(static_cast<std::uint32_t>(groups_.size()), std::memory_order_relaxed);
  if (const auto& confirmation = letter->envelope.confirmation) {
    for (std::size_t i = is_queue() ? groups_.size()
                                    : static_cast<std::size_t>(
                                          std::ranges::count_if(receivers_, &Receiver::confirming));
         i > 0; --i) {
      confirmation->expect();
    }
  }
  sender.lane_.append(std::move(letter));
}

bp_status Channel::publish(Sender& sender, Envelope& envelope, Wakes& wakes) {
  if (envelope.message.size > settings_.message_bytes_max) {
    return BP_E_TOO_LARGE;
  }
  const bp_status status = admit(sender, envelope.message.size, wakes);
  if (status != BP_OK) {
    if (status == BP_E_DROPPED) {
      arrive_dropped(envelope, "dropped: the queue is full", wakes);
    }
    return status;
  }
  set_aside_lent(sender);
  if (envelope.confirmation) {
    wakes.emplace_back([confirmation = envelope.confirmation] { confirmation->arrive(); });
  }
  if (!is_queue() && receivers_.empty()) {
    sender.lane_.pass_over(1);  // nobody listens: nothing to keep
  } else if (!write_small(sender, envelope)) {
    write_letter(sender, std::move(envelope));
  }
  return BP_OK;
}

// A queue's before what was not delivered yet: redelivery keeps the order.
void Channel::return_to(Group& group, Envelope&& envelope) {
  ++stats_.redelivered;
  const auto place =
      is_queue() ? std::ranges::find_if(
                       group.again, [&](const Envelope& other) { return other.seq > envelope.seq; })
                 : group.again.end();
  group.again.insert(place, std::move(envelope));
  group.again_count.store(group.again.size(), std::memory_order_release);
}

}  // namespace host::channel
