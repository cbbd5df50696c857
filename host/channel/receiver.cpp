// host/channel/receiver.cpp - taking, acknowledging, handing back.
#include "host/channel/receiver.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

namespace host::channel {

Receiver::Receiver(std::shared_ptr<Channel> channel, Channel::ReceiverOptions options)
    : channel_(std::move(channel)), options_(std::move(options)) {
  paused_ = options_.paused;
  if (options_.concurrency == 0) {
    options_.concurrency = channel_->settings().capacity;
  }
}

bool Receiver::something_waits() const noexcept {
  if (closed_ || paused_ || taken_.size() >= options_.concurrency) {
    return false;
  }
  if (channel_->settings_.kind == BP_KIND_QUEUE) {
    return !channel_->log_.empty();
  }
  return !again_.empty() || missed_ > 0 || cursor_ < channel_->next_seq_;
}

bool Receiver::take_one(std::vector<Delivery>& out) {
  Channel& channel = *channel_;
  if (closed_ || paused_ || taken_.size() >= options_.concurrency) {
    return false;
  }
  Envelope envelope;
  if (channel.settings_.kind == BP_KIND_QUEUE) {
    if (channel.log_.empty()) {
      return false;
    }
    envelope = std::move(channel.log_.front());
    channel.log_.pop_front();
    channel.bytes_ -= envelope.message.size;
  } else if (!again_.empty()) {
    envelope = std::move(again_.front());
    again_.pop_front();
  } else {
    cursor_ = std::max(cursor_, channel.base());  // nobody listened: those were never kept
    if (cursor_ >= channel.next_seq_) {
      cut_ = false;
      return false;
    }
    envelope = channel.log_[cursor_ - channel.base()];
    if (!confirming()) {
      envelope.confirmation.reset();
    }
    ++cursor_;
  }
  ++channel.stats_.delivered;
  const std::uint64_t id = next_id_++;
  out.push_back({id, envelope.seq, envelope.attempts > 0, envelope.message});
  taken_.emplace(id, std::move(envelope));
  return true;
}

bool Receiver::take(std::size_t count_max, std::vector<Delivery>& out, std::uint64_t& missed) {
  Channel::Wakes wakes;
  bool more = false;
  {
    const std::lock_guard lock(channel_->mutex_);
    missed = std::exchange(missed_, 0);
    std::size_t count = 0;
    while (count < count_max && take_one(out)) {
      ++count;
    }
    more = something_waits();
    notified_ = more;
    if (count > 0) {
      if (channel_->settings_.kind == BP_KIND_BROADCAST) {
        channel_->trim();
      }
      channel_->wake_senders(wakes);
    }
  }
  Channel::run(wakes);
  return more;
}

bool Receiver::ack(std::uint64_t id) {
  Channel::Wakes wakes;
  std::shared_ptr<Confirmation> confirmation;
  {
    const std::lock_guard lock(channel_->mutex_);
    const auto found = taken_.find(id);
    if (found == taken_.end()) {
      return false;
    }
    confirmation = std::move(found->second.confirmation);
    taken_.erase(found);
    ++channel_->stats_.acknowledged;
    channel_->wake_receivers(wakes);
  }
  if (confirmation) {
    confirmation->arrive();
  }
  Channel::run(wakes);
  return true;
}

void Receiver::give_back(Envelope&& envelope, std::uint64_t delay_ns, const error::Error& error,
                         Channel::Wakes& wakes) {
  Channel& channel = *channel_;
  if (++envelope.attempts > channel.settings_.retry_max) {
    ++channel.stats_.dead_lettered;
    wakes.emplace_back(
        [&channel, self = channel_, error, held = std::make_shared<Envelope>(std::move(envelope))] {
          const std::shared_ptr<Confirmation> confirmation = held->confirmation;
          if (channel.surroundings_.dead_letter) {
            channel.surroundings_.dead_letter(channel.settings_, std::move(*held), error);
          }
          if (confirmation) {
            confirmation->arrive(error);
          }
        });
    return;
  }
  if (delay_ns > 0 && channel.surroundings_.after) {
    deliver_again(delay_ns, std::move(envelope), wakes);
  } else if (channel.settings_.kind == BP_KIND_QUEUE) {
    channel.return_to_queue(std::move(envelope), wakes);
  } else if (detached_) {
    tell_gone(envelope, wakes);
  } else {
    ++channel.stats_.redelivered;
    again_.push_back(std::move(envelope));
    channel.wake_receivers(wakes);
  }
}

void Receiver::deliver_again(std::uint64_t delay_ns, Envelope&& envelope, Channel::Wakes& wakes) {
  wakes.emplace_back([self = channel_, delay_ns, number = number_,
                      held = std::make_shared<Envelope>(std::move(envelope))] {
    self->surroundings_.after(delay_ns, [self, number, held] {
      Channel::Wakes later;
      {
        const std::lock_guard lock(self->mutex_);
        const auto same = std::ranges::find(self->receivers_, number, &Receiver::number_);
        if (self->settings_.kind == BP_KIND_QUEUE) {
          self->return_to_queue(std::move(*held), later);
        } else if (same != self->receivers_.end()) {
          ++self->stats_.redelivered;
          (*same)->again_.push_back(std::move(*held));
          self->wake_receivers(later);
        } else if (held->confirmation) {
          later.emplace_back([confirmation = held->confirmation] {
            confirmation->arrive(
                error::Error(BP_E_ABANDONED, "the subscriber left before it acknowledged"));
          });
        }
      }
      Channel::run(later);
    });
  });
}

bool Receiver::nack(std::uint64_t id, std::uint64_t delay_ns, const error::Error& error) {
  return return_one(id, delay_ns, error, false);
}

bool Receiver::reject(std::uint64_t id, const error::Error& error) {
  return return_one(id, 0, error, true);
}

bool Receiver::return_one(std::uint64_t id, std::uint64_t delay_ns, const error::Error& error,
                          bool last) {
  Channel::Wakes wakes;
  {
    const std::lock_guard lock(channel_->mutex_);
    auto found = taken_.find(id);
    if (found == taken_.end()) {
      return false;
    }
    Envelope envelope = std::move(found->second);
    taken_.erase(found);
    if (last) {
      envelope.attempts = channel_->settings_.retry_max;
    }
    give_back(std::move(envelope), delay_ns, error, wakes);
    channel_->wake_receivers(wakes);
  }
  Channel::run(wakes);
  return true;
}

void Receiver::pause() {
  const std::lock_guard lock(channel_->mutex_);
  paused_ = true;
}

void Receiver::resume() {
  Channel::Wakes wakes;
  {
    const std::lock_guard lock(channel_->mutex_);
    paused_ = false;
    channel_->wake_receivers(wakes);
  }
  Channel::run(wakes);
}

// Under the channel's lock: out of the channel's list; what was never taken will not be.
void Receiver::detach(Channel::Wakes& wakes) {
  Channel& channel = *channel_;
  if (std::exchange(detached_, true)) {
    return;
  }
  std::erase(channel.receivers_, this);
  std::atomic_ref(channel.activity_)
      .store(static_cast<std::uint32_t>(channel.receivers_.size()), std::memory_order_relaxed);
  for (const Envelope& envelope : again_) {
    tell_gone(envelope, wakes);
  }
  again_.clear();
  if (channel.settings_.kind == BP_KIND_BROADCAST) {
    for (std::uint64_t seq = std::max(cursor_, channel.base());
         confirming() && seq < channel.next_seq_; ++seq) {
      tell_gone(channel.log_[seq - channel.base()], wakes);
    }
    channel.trim();
    channel.wake_senders(wakes);
  }
}

void Receiver::tell_gone(const Envelope& envelope, Channel::Wakes& wakes) const {
  if (envelope.confirmation) {
    wakes.emplace_back(
        [confirmation = envelope.confirmation, error = gone()] { confirmation->arrive(error); });
  }
}

error::Error Receiver::gone() const {
  return {BP_E_ABANDONED, "'" + options_.owner + "' left channel '" + channel_->settings_.name +
                              "' before it acknowledged"};
}

void Receiver::leave() {
  Channel::Wakes wakes;
  {
    const std::lock_guard lock(channel_->mutex_);
    paused_ = true;
    detach(wakes);
  }
  Channel::run(wakes);
}

void Receiver::close() {
  Channel::Wakes wakes;
  {
    const std::lock_guard lock(channel_->mutex_);
    if (std::exchange(closed_, true)) {
      return;
    }
    detach(wakes);
    for (auto& [id, envelope] : taken_) {
      if (channel_->settings_.kind == BP_KIND_QUEUE) {
        give_back(std::move(envelope), 0, gone(), wakes);
      } else {
        tell_gone(envelope, wakes);
      }
    }
    taken_.clear();
    channel_->wake_receivers(wakes);
  }
  Channel::run(wakes);
}

}  // namespace host::channel
