// host/exchange/outbox.cpp - send at once when nothing waits; otherwise keep the order.
#include "host/exchange/outbox.hpp"

#include <utility>
#include <vector>

namespace host::exchange {

std::shared_ptr<Outbox> Outbox::make(const std::shared_ptr<channel::Channel>& channel,
                                     runtime::Runtime& runtime) {
  std::shared_ptr<Outbox> outbox(new Outbox(runtime));
  outbox->sender_ = channel->open_sender(
      [weak = outbox->weak_from_this(), &runtime] {
        // Off the consumer's thread: a drain may publish many messages.
        runtime.post([weak] {
          if (const auto self = weak.lock()) {
            self->drain();
          }
        });
      },
      false);
  return outbox->sender_ ? outbox : nullptr;
}

bp_status Outbox::push(channel::Envelope envelope) {
  const std::lock_guard order(draining_);
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= outbox_messages_max) {
      return BP_E_BUSY;
    }
    if (!waiting_.empty()) {
      waiting_.push_back({std::move(envelope),
                          runtime::now_ns() + sender_->channel().settings().block_timeout_ns});
      return BP_OK;
    }
  }
  const bp_status status = sender_->send(std::move(envelope));
  if (status != BP_E_WOULD_BLOCK) {
    return status == BP_E_DROPPED ? BP_OK : status;  // the confirmation says that it was dropped
  }
  // A refused send leaves the envelope as it is.
  const std::lock_guard lock(mutex_);
  waiting_.push_back({std::move(envelope),  // NOLINT(bugprone-use-after-move)
                      runtime::now_ns() + sender_->channel().settings().block_timeout_ns});
  arm();
  return BP_OK;
}

void Outbox::drain() {
  const std::lock_guard order(draining_);
  for (;;) {
    Waiting next;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) {
        return;
      }
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    const std::shared_ptr<channel::Confirmation> confirmation = next.envelope.confirmation;
    const bp_status status = sender_->send(std::move(next.envelope));
    if (status == BP_E_WOULD_BLOCK) {
      const std::lock_guard lock(mutex_);
      waiting_.push_front(std::move(next));
      arm();
      return;
    }
    if (status < 0 && status != BP_E_DROPPED && confirmation) {
      confirmation->arrive(
          error::Error(status, "publishing to '" + sender_->channel().settings().name + "'"));
    }
  }
}

// Under mutex_.
void Outbox::arm() {
  if (armed_ || waiting_.empty()) {
    return;
  }
  armed_ = true;
  runtime_.timers().add(waiting_.front().until_ns, 0, [weak = weak_from_this()](std::uint64_t) {
    if (const auto self = weak.lock()) {
      self->expire();
    }
  });
}

void Outbox::expire() {
  std::vector<channel::Envelope> late;
  {
    const std::lock_guard lock(mutex_);
    armed_ = false;
    const std::uint64_t now = runtime::now_ns();
    while (!waiting_.empty() && waiting_.front().until_ns <= now) {
      late.push_back(std::move(waiting_.front().envelope));
      waiting_.pop_front();
    }
    arm();
  }
  for (const channel::Envelope& envelope : late) {
    if (envelope.confirmation) {
      envelope.confirmation->arrive(error::Error(
          BP_E_WOULD_BLOCK, "channel '" + sender_->channel().settings().name +
                                "' had no room for the message within its block timeout"));
    }
  }
}

}  // namespace host::exchange
