// host/channel/receiver.cpp - taking, acknowledging, handing back, sleeping.
#include "host/channel/receiver.hpp"

#include <algorithm>
#include <utility>

namespace host::channel {

Receiver::Receiver(std::shared_ptr<Channel> channel, Channel::ReceiverOptions options)
    : channel_(std::move(channel)),
      options_(std::move(options)),
      broadcast_(!channel_->is_queue()),
      paused_(options_.paused) {
  if (options_.ready) {
    ready_ = std::make_shared<const std::function<void()>>(std::move(options_.ready));
  }
  if (options_.concurrency == 0) {
    options_.concurrency = channel_->settings().capacity;
  }
}

Receiver::~Receiver() {
  close();
  if (group_) {
    channel_->end_gone();
  }
}

std::size_t Receiver::allowance() const noexcept {
  const std::uint32_t in_hand = in_hand_.load(std::memory_order_seq_cst);
  return paused_.load(std::memory_order_seq_cst) || in_hand >= options_.concurrency
             ? 0
             : options_.concurrency - in_hand;
}

// ---- sleeping

bool Receiver::something_waits() {
  return group_->again_count.load(std::memory_order_acquire) > 0 || reader().something_waits();
}

// True: `ready` will be called when there is something. False: there is something now.
// The publisher writes, then looks at `sleepy_`; this says that it sleeps, then looks at what was
// written; a fence lies between the two on both sides, so at least one of them sees the other.
bool Receiver::fall_asleep() {
  asleep_.store(true, std::memory_order_seq_cst);
  channel_->sleepy_.store(true, std::memory_order_seq_cst);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (allowance() == 0) {
    // resume(), or an acknowledgement, looks again. Its `asleep_` may be the same: it stays.
    return true;
  }
  // Who takes `asleep_` back has the say: a publisher that was faster calls `ready`.
  return !something_waits() || !asleep_.exchange(false, std::memory_order_seq_cst);
}

void Receiver::look_again() {
  if (allowance() > 0 && !fall_asleep() && ready_) {
    (*ready_)();
  }
}

// ---- taking

void Receiver::take_again(std::size_t count_max, Batch& batch) {
  const std::lock_guard lock(channel_->mutex_);
  std::deque<Envelope>& again = group_->again;
  while (!again.empty() && batch.count < count_max) {
    batch.specials.push_back({batch.count, std::move(again.front())});
    again.pop_front();
    ++batch.count;
  }
  batch.again = batch.count;
  group_->again_count.store(again.size(), std::memory_order_release);
}

// What a subscriber that confirms has skipped will never be acknowledged; one that does not has no
// say.
void Receiver::settle_skipped(Batch& batch) {
  if (confirming()) {
    for (const std::shared_ptr<Confirmation>& confirmation : batch.skipped) {
      confirmation->arrive(stalled());
    }
  } else {
    for (Batch::Special& special : batch.specials) {
      special.envelope.confirmation.reset();
    }
  }
  batch.skipped.clear();
}

void Receiver::end_of_take(std::size_t count_max, std::size_t wanted, Batch& batch) {
  if (batch.missed > 0) {
    lagged_.fetch_add(batch.missed, std::memory_order_relaxed);
  }
  if (broadcast_ && !(batch.skipped.empty() && batch.specials.empty())) {
    settle_skipped(batch);
  }
  if (batch.count > 0) {
    open_.store(&batch, std::memory_order_seq_cst);
    in_hand_.fetch_add(batch.count, std::memory_order_seq_cst);
    delivered_.fetch_add(batch.count, std::memory_order_relaxed);
    // Only these hold senders back.
    if ((!broadcast_ || gating()) && channel_->sender_waits_.load(std::memory_order_seq_cst)) {
      channel_->wake_waiting_senders();
    }
    if (closed_.load(std::memory_order_seq_cst)) [[unlikely]] {
      closed_meanwhile();
    }
  }
  if (batch.count < wanted && cut_.load(std::memory_order_relaxed)) {
    caught_up();
  }
  batch.more = allowance() > 0 &&
               (batch.count == count_max ? something_waits() || !fall_asleep() : !fall_asleep());
}

// close() came before the batch could be seen.
void Receiver::closed_meanwhile() {
  Wakes wakes;
  {
    const std::lock_guard lock(channel_->mutex_);
    take_back_open(wakes);
  }
  Channel::run(wakes);
}

// A gating subscriber that was cut back gates again.
void Receiver::caught_up() {
  const std::lock_guard lock(channel_->mutex_);
  cut_.store(false, std::memory_order_relaxed);
  channel_->ask_again_for_credit();
}

bool Receiver::take(std::size_t count_max, std::vector<Delivery>& out, std::uint64_t& missed) {
  Batch batch;
  std::vector<Glimpse> glimpses;
  take(count_max, batch, [&](const Glimpse& glimpse) { glimpses.push_back(glimpse); });
  missed = batch.missed;
  for (std::uint32_t index = 0; index < batch.count; ++index) {
    Glimpse& glimpse = glimpses[index];
    Delivery delivery;
    delivery.seq = glimpse.seq;
    delivery.id = keep(batch, index, glimpse, delivery.message);
    delivery.redelivered = index < batch.again;
    if (delivery.id != 0) {
      out.push_back(std::move(delivery));
    } else {
      ++missed;  // for want of memory
    }
  }
  const bool more = batch.more;
  finish(batch);
  return more;
}

std::uint64_t Receiver::keep(Batch& batch, std::uint32_t index, const Glimpse& glimpse,
                             message::Message& kept) {
  Envelope envelope;
  const auto special = std::ranges::lower_bound(batch.specials, index, {}, &Batch::Special::index);
  const bool is_special = special != batch.specials.end() && special->index == index;
  if (!is_special) {
    envelope.message = message::copy_of(channel_->pool(), {glimpse.data, glimpse.size});
    if (!envelope.message.block) {
      return 0;
    }
    envelope.seq = glimpse.seq;
  }
  const std::lock_guard lock(channel_->mutex_);
  if (batch.revoked) {
    return 0;
  }
  if (is_special) {
    // A copy stays: whoever looks at the batch until finish() may still read the payload.
    envelope = special->envelope;
    special->envelope.confirmation.reset();
  }
  batch.kept.push_back(index);
  kept = envelope.message;
  const std::uint64_t id = next_id_++;
  kept_.emplace(id, std::move(envelope));
  return id;
}

void Receiver::finish(Batch& batch) {
  if (batch.count == 0) {
    return;
  }
  if (open_.exchange(nullptr, std::memory_order_acq_rel) == nullptr) {
    // close() took the batch out of our hands, and is perhaps still at it.
    const std::lock_guard lock(channel_->mutex_);
    batch.specials.clear();
  }
  for (const Batch::Special& special : batch.specials) {
    if (special.envelope.confirmation) {
      special.envelope.confirmation->arrive();
    }
  }
  for (const Batch::Run& run : batch.runs) {
    run.segment->lane->release(run.segment);
  }
  const auto done = static_cast<std::uint32_t>(batch.count - batch.kept.size());
  if (!batch.revoked) {
    acknowledged_.fetch_add(done, std::memory_order_relaxed);
  }
  batch.clear();
  settled(done);
}

// Fewer are in hand. Who was held back by that looks again.
void Receiver::settled(std::uint32_t count) {
  if (count == 0) {
    return;
  }
  const std::uint32_t before = in_hand_.fetch_sub(count, std::memory_order_seq_cst);
  if (before >= options_.concurrency) {
    look_again();
  }
}

// ---- acknowledging, handing back

bool Receiver::ack(std::uint64_t id) {
  std::shared_ptr<Confirmation> confirmation;
  {
    const std::lock_guard lock(channel_->mutex_);
    const auto found = kept_.find(id);
    if (found == kept_.end()) {
      return false;
    }
    confirmation = std::move(found->second.confirmation);
    kept_.erase(found);
  }
  acknowledged_.fetch_add(1, std::memory_order_relaxed);
  if (confirmation) {
    confirmation->arrive();
  }
  settled(1);
  return true;
}

void Receiver::give_back(Envelope&& envelope, std::uint64_t delay_ns, const error::Error& error,
                         Wakes& wakes) {
  Channel& channel = *channel_;
  if (++envelope.attempts > channel.settings_.retry_max) {
    ++channel.stats_.dead_lettered;
    wakes.emplace_back(
        [&channel, self = channel_, error, held = std::make_shared<Envelope>(std::move(envelope))] {
          // It stays here: the dead letter channel would answer it in its own way.
          const std::shared_ptr<Confirmation> confirmation = std::move(held->confirmation);
          if (channel.surroundings_.dead_letter) {
            channel.surroundings_.dead_letter(channel.settings_, std::move(*held), error);
          }
          if (confirmation) {
            confirmation->arrive(error);
          }
        });
  } else if (delay_ns > 0 && channel.surroundings_.after) {
    deliver_again(delay_ns, std::move(envelope), wakes);
  } else if (group_->over) {
    tell_gone(envelope, wakes);
  } else {
    channel.return_to(*group_, std::move(envelope));
    wakes.emplace_back([self = channel_] { self->wake_all(); });
  }
}

void Receiver::deliver_again(std::uint64_t delay_ns, Envelope&& envelope, Wakes& wakes) {
  ++channel_->delayed_;
  wakes.emplace_back([self = channel_, group = group_, gone = gone(), delay_ns,
                      held = std::make_shared<Envelope>(std::move(envelope))] {
    self->surroundings_.after(delay_ns, [self, group, gone, held] {
      std::shared_ptr<Confirmation> abandoned;
      {
        const std::lock_guard lock(self->mutex_);
        --self->delayed_;
        if (group->over) {
          abandoned = held->confirmation;
        } else {
          self->return_to(*group, std::move(*held));
        }
      }
      if (abandoned) {
        abandoned->arrive(gone);
      }
      std::atomic_thread_fence(std::memory_order_seq_cst);
      self->wake_all();
      self->tell_unused();
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
  Wakes wakes;
  {
    const std::lock_guard lock(channel_->mutex_);
    auto found = kept_.find(id);
    if (found == kept_.end()) {
      return false;
    }
    Envelope envelope = std::move(found->second);
    kept_.erase(found);
    if (last) {
      envelope.attempts = channel_->settings_.retry_max;
    }
    give_back(std::move(envelope), delay_ns, error, wakes);
  }
  Channel::run(wakes);
  settled(1);
  return true;
}

// ---- pausing and leaving

void Receiver::pause() {
  paused_.store(true, std::memory_order_seq_cst);
  asleep_.exchange(false, std::memory_order_seq_cst);
}

void Receiver::resume() {
  {
    const std::lock_guard lock(channel_->mutex_);
    if (detached_) {
      return;
    }
    paused_.store(false, std::memory_order_seq_cst);
  }
  look_again();
}

// Out of the channel's list; what was never taken will not be.
void Receiver::detach(Wakes& wakes) {
  Channel& channel = *channel_;
  if (std::exchange(detached_, true) || !group_) {
    return;  // without a group it never got in: the channel was retired
  }
  std::erase(channel.receivers_, this);
  channel.receiver_count_.store(channel.receivers_.size(), std::memory_order_relaxed);
  channel.set_activity(channel.receivers_.size());
  channel.stats_.delivered += delivered_.load(std::memory_order_relaxed);
  channel.stats_.lagged += lagged_.load(std::memory_order_relaxed);
  channel.stats_.acknowledged += acknowledged_.exchange(0, std::memory_order_relaxed);
  channel.leave_group(*this, wakes);
}

void Receiver::tell_gone(const Envelope& envelope, Wakes& wakes) const {
  if (envelope.confirmation) {
    wakes.emplace_back(
        [confirmation = envelope.confirmation, error = gone()] { confirmation->arrive(error); });
  }
}

error::Error Receiver::gone() const {
  return {BP_E_ABANDONED, "'" + options_.owner + "' left channel '" + channel_->settings_.name +
                              "' before it acknowledged"};
}

error::Error Receiver::stalled() const {
  return {BP_E_TIMEOUT, "'" + options_.owner + "' stalled channel '" + channel_->settings_.name +
                            "' beyond its block timeout"};
}

void Receiver::leave() {
  Wakes wakes;
  {
    const std::lock_guard lock(channel_->mutex_);
    paused_.store(true, std::memory_order_seq_cst);
    detach(wakes);
  }
  Channel::run(wakes);
}

// The owner's handler has not returned from these: a queue's other consumers get them.
void Receiver::take_back(Batch& batch, Wakes& wakes) {
  batch.revoked = true;
  std::uint32_t index = batch.again;
  const auto hand_over = [&](std::uint32_t number, Envelope&& envelope) {
    if (std::ranges::find(batch.kept, number) != batch.kept.end()) {
      return;
    }
    if (broadcast_) {
      tell_gone(envelope, wakes);
    } else {
      give_back(std::move(envelope), 0, gone(), wakes);
    }
  };
  for (Batch::Special& special : batch.specials) {
    Envelope copy = special.envelope;
    special.envelope.confirmation.reset();
    hand_over(special.index, std::move(copy));
  }
  for (const Batch::Run& run : batch.runs) {
    for (std::size_t at = run.from; at < run.to && !broadcast_;) {
      const auto* record = reinterpret_cast<const Record*>(run.segment->data() + at);
      at += record->extent();
      if (record->letter == 0) {
        Envelope envelope;
        envelope.message = message::copy_of(channel_->pool(), {record->payload(), record->size});
        envelope.seq = record->seq;
        if (envelope.message.block) {
          hand_over(index, std::move(envelope));
        } else {
          ++channel_->stats_.dead_lettered;  // for want of memory
        }
      }
      ++index;
    }
  }
}

void Receiver::take_back_open(Wakes& wakes) {
  if (Batch* batch = open_.exchange(nullptr, std::memory_order_seq_cst)) {
    take_back(*batch, wakes);
  }
}

void Receiver::close() {
  Wakes wakes;
  {
    const std::lock_guard lock(channel_->mutex_);
    if (closed_.exchange(true, std::memory_order_seq_cst)) {
      return;
    }
    paused_.store(true, std::memory_order_seq_cst);
    detach(wakes);
    channel_->stats_.acknowledged += acknowledged_.exchange(0, std::memory_order_relaxed);
    for (auto& [id, envelope] : kept_) {
      if (broadcast_) {
        tell_gone(envelope, wakes);
      } else {
        give_back(std::move(envelope), 0, gone(), wakes);
      }
    }
    kept_.clear();
    take_back_open(wakes);
  }
  Channel::run(wakes);
}

}  // namespace host::channel
