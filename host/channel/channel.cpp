// host/channel/channel.cpp - admission by policy, eviction, credit.
#include "host/channel/channel.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

#include "host/channel/receiver.hpp"

namespace host::channel {

Channel::Channel(Settings settings, Surroundings surroundings)
    : settings_(std::move(settings)), surroundings_(std::move(surroundings)) {}

void Channel::run(Wakes& wakes) {
  for (const std::function<void()>& wake : wakes) {
    wake();
  }
}

std::shared_ptr<Receiver> Channel::open_receiver(ReceiverOptions options) {
  auto receiver = std::make_shared<Receiver>(shared_from_this(), std::move(options));
  Wakes wakes;
  {
    const std::lock_guard lock(mutex_);
    receiver->cursor_ = next_seq_;
    receiver->number_ = ++receivers_opened_;
    receivers_.push_back(receiver.get());
    std::atomic_ref(activity_).store(static_cast<std::uint32_t>(receivers_.size()),
                                     std::memory_order_relaxed);
    wake_receivers(wakes);
  }
  run(wakes);
  return receiver;
}

std::shared_ptr<Sender> Channel::open_sender(std::function<void()> writable) {
  auto sender = std::make_shared<Sender>(shared_from_this(), std::move(writable));
  const std::lock_guard lock(mutex_);
  senders_.push_back(sender.get());
  return sender;
}

Stats Channel::stats() const {
  const std::lock_guard lock(mutex_);
  Stats stats = stats_;
  stats.depth = log_.size();
  stats.receivers = receivers_.size();
  stats.senders = senders_.size();
  return stats;
}

void Channel::wake_receivers(Wakes& wakes) {
  for (Receiver* receiver : receivers_) {
    if (!receiver->notified_ && receiver->something_waits()) {
      receiver->notified_ = true;
      if (receiver->options_.ready) {
        wakes.push_back(receiver->options_.ready);
      }
    }
  }
}

void Channel::wake_senders(Wakes& wakes) {
  stall_ = 0;
  credit_.notify_all();
  for (Sender* sender : senders_) {
    if (std::exchange(sender->waiting_, false) && sender->writable_) {
      wakes.push_back(sender->writable_);
    }
  }
}

// The oldest message leaves a broadcast; whoever still needed it has missed it.
void Channel::evict_oldest(Wakes& wakes) {
  const std::uint64_t oldest = base();
  Envelope envelope = std::move(log_.front());
  log_.pop_front();
  bytes_ -= envelope.message.size;
  for (Receiver* receiver : receivers_) {
    if (receiver->cursor_ != oldest) {
      continue;
    }
    ++receiver->cursor_;
    ++receiver->missed_;
    ++stats_.lagged;
    if (receiver->confirming() && envelope.confirmation) {
      wakes.emplace_back([confirmation = envelope.confirmation, who = receiver->options_.owner,
                          name = settings_.name] {
        confirmation->arrive(error::Error(
            BP_E_TIMEOUT, "'" + who + "' stalled channel '" + name + "' beyond its block timeout"));
      });
    }
  }
}

// Forget what every subscriber of a broadcast has taken.
void Channel::trim() {
  std::uint64_t needed = next_seq_;
  for (const Receiver* receiver : receivers_) {
    needed = std::min(needed, receiver->cursor_);
  }
  while (!log_.empty() && base() < needed) {
    bytes_ -= log_.front().message.size;
    log_.pop_front();
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
    if (stall_ != stall || log_.empty()) {
      return;  // credit came back meanwhile
    }
    for (Receiver* receiver : receivers_) {
      if (receiver->gating() && receiver->cursor_ == base()) {
        receiver->cut_ = true;
        if (surroundings_.cut_back) {
          wakes.emplace_back([this, who = receiver->options_.owner, self = shared_from_this()] {
            surroundings_.cut_back(settings_, who);
          });
        }
      }
    }
    wake_senders(wakes);
  }
  run(wakes);
}

bp_status Channel::admit_queue(Sender& sender, std::size_t bytes, Wakes& wakes) {
  if (!queue_full(bytes)) {
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
      while (queue_full(bytes)) {
        Envelope oldest = std::move(log_.front());
        log_.pop_front();
        bytes_ -= oldest.message.size;
        ++stats_.dropped_oldest;
        if (oldest.confirmation) {
          wakes.emplace_back([confirmation = oldest.confirmation] {
            confirmation->arrive(
                error::Error(BP_E_DROPPED, "dropped as the oldest message of a full queue"));
          });
        }
      }
      return BP_OK;
    default:
      sender.waiting_ = true;
      return BP_E_WOULD_BLOCK;
  }
}

bp_status Channel::admit_broadcast(Sender& sender, Wakes& wakes) {
  const auto full = [&] {
    return log_.size() >= settings_.capacity || bytes_ > settings_.bytes_max;
  };
  while (full()) {
    const bool gated = std::ranges::any_of(receivers_, [&](const Receiver* receiver) {
      return receiver->gating() && receiver->cursor_ == base();
    });
    if (gated) {
      sender.waiting_ = true;
      arm_stall_timer(wakes);
      return BP_E_WOULD_BLOCK;
    }
    evict_oldest(wakes);
  }
  return BP_OK;
}

bp_status Channel::publish(Sender& sender, Envelope&& envelope) {
  if (envelope.message.size > settings_.message_bytes_max) {
    return BP_E_TOO_LARGE;
  }
  Wakes wakes;
  bp_status status = BP_OK;
  const std::shared_ptr<Confirmation> confirmation = envelope.confirmation;
  {
    const std::lock_guard lock(mutex_);
    const bool queue = settings_.kind == BP_KIND_QUEUE;
    status =
        queue ? admit_queue(sender, envelope.message.size, wakes) : admit_broadcast(sender, wakes);
    if (status == BP_OK) {
      ++stats_.published;
      if (queue) {
        envelope.seq = next_queue_seq_++;
        if (confirmation) {
          confirmation->expect();
        }
        bytes_ += envelope.message.size;
        log_.push_back(std::move(envelope));
      } else if (receivers_.empty()) {
        ++next_seq_;  // nobody listens: nothing to keep
      } else {
        envelope.seq = next_seq_++;
        for (const Receiver* receiver : receivers_) {
          if (confirmation && receiver->confirming()) {
            confirmation->expect();
          }
        }
        bytes_ += envelope.message.size;
        log_.push_back(std::move(envelope));
      }
      wake_receivers(wakes);
    }
  }
  if (confirmation && status == BP_OK) {
    wakes.emplace_back([confirmation] { confirmation->arrive(); });
  } else if (confirmation && status == BP_E_DROPPED) {
    wakes.emplace_back([confirmation] {
      confirmation->arrive(error::Error(BP_E_DROPPED, "dropped: the queue is full"));
    });
  }
  run(wakes);
  return status;
}

// To its old place: redelivery keeps the order.
void Channel::return_to_queue(Envelope&& envelope, Wakes& wakes) {
  bytes_ += envelope.message.size;
  ++stats_.redelivered;
  const auto place =
      std::ranges::find_if(log_, [&](const Envelope& other) { return other.seq > envelope.seq; });
  log_.insert(place, std::move(envelope));
  wake_receivers(wakes);
}

Sender::Sender(std::shared_ptr<Channel> channel, std::function<void()> writable)
    : channel_(std::move(channel)), writable_(std::move(writable)) {}

Sender::~Sender() {
  const std::lock_guard lock(channel_->mutex_);
  std::erase(channel_->senders_, this);
}

bp_status Sender::send(Envelope&& envelope) {
  return channel_->publish(*this, std::move(envelope));
}

bool Sender::blocked() {
  Channel::Wakes wakes;
  bool refused = false;
  {
    const std::lock_guard lock(channel_->mutex_);
    const bool queue = channel_->settings_.kind == BP_KIND_QUEUE;
    if (queue && channel_->settings_.on_full != BP_FULL_BLOCK) {
      return false;
    }
    refused = (queue ? channel_->admit_queue(*this, 0, wakes)
                     : channel_->admit_broadcast(*this, wakes)) != BP_OK;
  }
  Channel::run(wakes);
  return refused;
}

bp_status Sender::wait_writable(std::uint64_t timeout_ns) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::nanoseconds(timeout_ns);
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
