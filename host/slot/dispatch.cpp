// host/slot/dispatch.cpp - one batch of events: collect, hand over, settle.
#include <algorithm>
#include <cstring>
#include <utility>

#include "host/slot/call_stack.hpp"
#include "host/slot/slot.hpp"

namespace host::slot {

bool Slot::run_internal() {
  for (;;) {
    std::function<void()> work;
    {
      const std::lock_guard lock(mutex_);
      if (internal_.empty()) {
        return self_ != nullptr;
      }
      work = std::move(internal_.front());
      internal_.pop_front();
    }
    const CallStack::Frame frame(*this);
    work();
  }
}

bool Slot::run() {
  if (!run_internal()) {
    return false;
  }
  std::vector<Item> batch;
  collect_items(batch);
  const bool more = collect_messages(batch);
  if (!batch.empty()) {
    hand_over(batch);
  }
  const std::lock_guard lock(mutex_);
  return more || !operations_queue_.empty() || !items_.empty() || !internal_.empty();
}

// Whether the event still means something; under the lock.
bool Slot::admit(Item& item) {
  bp_event& event = item.event;
  switch (event.type) {
    case BP_EV_REPLY:
    case BP_EV_CONFIRMED: {
      const auto made = calls_.remove(event.handle);
      if (!made) {
        return false;  // cancelled
      }
      event.token = made->token;
      return true;
    }
    case BP_EV_CALL: {
      --queued_calls_;
      Incoming* incoming = incoming_.find(event.handle);
      if (incoming == nullptr) {
        return false;  // gone before it was seen
      }
      incoming->dispatched = true;
      return true;
    }
    case BP_EV_TIMER: {
      Timer* timer = timers_.find(event.handle);
      if (timer == nullptr) {
        return false;
      }
      event.token = timer->token;
      event.seq = std::exchange(timer->expired, 0);
      if (timer->once) {
        timers_.remove(event.handle);
      }
      return true;
    }
    case BP_EV_POSTED:
      --posts_;
      return true;
    case BP_EV_WRITABLE: {
      const std::shared_ptr<End>* end = ends_.find(event.handle);
      if (end == nullptr) {
        return false;
      }
      event.token = (*end)->token;
      return true;
    }
    default:
      return event.type >= BP_EV_MESSAGE || operations_.find(event.handle) != nullptr;
  }
}

void Slot::collect_items(std::vector<Item>& batch) {
  const std::lock_guard lock(mutex_);
  for (std::deque<Item>* queue : {&operations_queue_, &items_}) {
    while (!queue->empty() && batch.size() < batch_events_max) {
      Item item = std::move(queue->front());
      queue->pop_front();
      if (!admit(item)) {
        continue;
      }
      if (item.error) {
        item.event.flags |= BP_EVF_ERROR;
        item.event.buf.data = item.error.get();
        item.event.buf.size = sizeof(bp_error);
      } else if (item.payload.block) {
        const bp_lease lease = leases_.add({item.payload, true, nullptr, 0});
        item.event.buf = as_buf(item.payload, lease);
      }
      if (item.payload.traced) {
        item.event.flags |= BP_EVF_TRACE;
        std::memcpy(item.event.trace, item.payload.trace.data(), item.payload.trace.size());
      }
      batch.push_back(std::move(item));
    }
  }
}

bool Slot::to_event_json(const End& end, message::Message& payload) {
  auto json = exchange::to_json(exchange::Exchange::type_of(end.entry), payload.bytes());
  if (!json) {
    surroundings_.logger.warn(
        "a message could not be shown as JSON and was skipped",
        {{"channel", end.entry.channel->settings().name}, {"error", json.error().text()}});
    return false;
  }
  message::Message text = message::copy_of(surroundings_.exchange.pool(),
                                           std::as_bytes(std::span(json->data(), json->size())));
  text.traced = payload.traced;
  text.trace = payload.trace;
  payload = std::move(text);
  return static_cast<bool>(payload.block);
}

// Takes messages from the ends that said they have some, in turn. Answers whether more is there.
bool Slot::collect_messages(std::vector<Item>& batch) {
  std::vector<channel::Delivery> deliveries;
  std::size_t rounds = 0;
  {
    const std::lock_guard lock(mutex_);
    // A message is acknowledged when its handler returns: one that stops would lose it.
    if (state_ == State::stopped || std::ranges::any_of(batch, [](const Item& item) {
          return item.event.type == BP_EV_STOP;
        })) {
      return false;
    }
    rounds = ready_ends_.size();
  }
  while (rounds-- > 0 && batch.size() < batch_events_max) {
    bp_chan handle = 0;
    std::shared_ptr<End> end;
    {
      const std::lock_guard lock(mutex_);
      if (ready_ends_.empty()) {
        break;
      }
      handle = ready_ends_.front();
      ready_ends_.pop_front();
      if (const std::shared_ptr<End>* found = ends_.find(handle)) {
        end = *found;
        end->ready = false;
      }
    }
    if (!end) {
      continue;
    }
    deliveries.clear();
    std::uint64_t missed = 0;
    if (end->receiver->take(batch_events_max - batch.size(), deliveries, missed)) {
      end_ready(handle);
    }
    const std::lock_guard lock(mutex_);
    if (missed > 0) {
      Item lagged;
      lagged.event.type = BP_EV_LAGGED;
      lagged.event.token = end->token;
      lagged.event.handle = handle;
      lagged.event.seq = missed;
      batch.push_back(std::move(lagged));
    }
    for (channel::Delivery& delivery : deliveries) {
      Item item;
      item.event.type = BP_EV_MESSAGE;
      item.event.token = end->token;
      item.event.handle = handle;
      item.event.seq = delivery.seq;
      item.event.flags = delivery.redelivered ? BP_EVF_REDELIVERED : 0;
      if (end->json) {
        item.event.flags |= BP_EVF_JSON;
        if (!to_event_json(*end, delivery.message)) {
          end->receiver->ack(delivery.id);
          continue;
        }
      }
      if (delivery.message.traced) {
        item.event.flags |= BP_EVF_TRACE;
        std::memcpy(item.event.trace, delivery.message.trace.data(), delivery.message.trace.size());
      }
      const bp_lease lease = leases_.add({delivery.message, true, end->receiver, delivery.id});
      item.event.buf = as_buf(delivery.message, lease);
      item.payload = std::move(delivery.message);
      batch.push_back(std::move(item));
    }
  }
  const std::lock_guard lock(mutex_);
  return !ready_ends_.empty();
}

void Slot::end_ready(bp_chan handle) {
  {
    const std::lock_guard lock(mutex_);
    const std::shared_ptr<End>* end = ends_.find(handle);
    if (end == nullptr || (*end)->ready) {
      return;
    }
    (*end)->ready = true;
    ready_ends_.push_back(handle);
  }
  strand_->schedule();
}

// Returning from on_events acknowledges what was not retained.
void Slot::settle(std::uint64_t handle) {
  std::optional<Lease> lease;
  {
    const std::lock_guard lock(mutex_);
    const Lease* known = leases_.find(handle);
    if (known == nullptr || !known->lent) {
      return;
    }
    lease = leases_.remove(handle);
  }
  if (lease->receiver) {
    lease->receiver->ack(lease->delivery);
  }
}

void Slot::hand_over(std::vector<Item>& batch) {
  const std::uint64_t now = runtime::now_ns();
  events_.clear();
  for (Item& item : batch) {
    item.event.struct_size = sizeof(bp_event);
    item.event.time_ns = now;
    events_.push_back(item.event);
  }
  counts_.events.fetch_add(batch.size(), std::memory_order_relaxed);
  counts_.batches.fetch_add(1, std::memory_order_relaxed);
  std::optional<error::Error> thrown;
  {
    const CallStack::Frame frame(*this);
    try {
      plugin_.on_events(self_, events_.data(), sizeof(bp_event),
                        static_cast<std::uint32_t>(events_.size()));
    } catch (const std::exception& exception) {
      thrown.emplace(BP_E_PANIC,
                     std::string("on_events() threw across the boundary: ") + exception.what());
    } catch (...) {
      thrown.emplace(BP_E_PANIC, "on_events() threw across the boundary");
    }
  }
  for (const Item& item : batch) {
    if (item.event.buf.lease != 0) {
      settle(item.event.buf.lease);
    }
  }
  if (thrown) {
    for (const Item& item : batch) {
      if (item.event.type < BP_EV_MESSAGE) {
        bp_error raw{};
        raw.struct_size = sizeof raw;
        thrown->to_abi(&raw);
        complete(item.event.handle, BP_E_PANIC, &raw);
      }
    }
    fault(std::move(*thrown));
  }
}

bool Slot::on_this_stack() const noexcept {
  return CallStack::holds(*this);
}

service::Reply Slot::run_inline(const service::Method& method, const message::Message& request) {
  bp_buf asked = as_buf(request, 0);
  bp_buf answer{};
  bp_error raw{};
  raw.struct_size = sizeof raw;
  bp_status status = BP_OK;
  {
    const CallStack::Frame frame(*this);
    try {
      status = method.inline_fn(method.inline_self != nullptr ? method.inline_self : self_,
                                method.id, &asked, &answer, &raw);
    } catch (const std::exception& thrown) {
      return service::Reply::failure(
          {BP_E_PANIC, std::string("an inline method threw: ") + thrown.what()});
    } catch (...) {
      return service::Reply::failure({BP_E_PANIC, "an inline method threw"});
    }
  }
  service::Reply reply;
  if (answer.lease != 0) {
    const std::lock_guard lock(mutex_);
    const bp_status valid = leases_.part(answer, reply.message);
    leases_.remove(answer.lease);
    if (valid < 0 && status >= 0) {
      return service::Reply::failure(
          {valid, "an inline method answered with memory that is not its own"});
    }
  }
  if (status < 0) {
    return service::Reply::failure(error::Error::from_abi(status, &raw));
  }
  reply.status = status;
  return reply;
}

}  // namespace host::slot
