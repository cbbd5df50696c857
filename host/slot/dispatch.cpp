// host/slot/dispatch.cpp - one batch of events: collect, hand over, settle.
#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "host/runtime/batch_clock.hpp"
#include "host/slot/call_stack.hpp"
#include "host/slot/slot.hpp"
#include "host/slot/text.hpp"

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
  room_ = &TurnRoom::of_this_thread();
  turn_ns_ = runtime::BatchClock::begin();
  std::size_t ready = 0;
  bool left = false;  // what others add from now on schedules the strand again
  {
    std::unique_lock lock(mutex_);
    leave_seats();
    if (!internal_.empty() || self_ == nullptr) {
      lock.unlock();
      if (!run_internal()) {
        return false;
      }
      lock.lock();
    }
    ready = admit_items();
    left = !operations_queue_.empty() || !items_.empty() ||
           (ready == 0 && !ready_ends_.empty() && !leaving_);
  }
  show_items();
  left = collect_messages(ready) || left;
  if (event_count_ > 0) {
    hand_over();
    const std::uint64_t took_ns = runtime::BatchClock::end() - turn_ns_;
    counts_.turns.add(took_ns);
    budget_.took(event_count_, took_ns);
  }
  end_turn();
  return left;
}

// Under the lock. After STOP was completed there is nobody to tell anything.
bool Slot::admit(Item& item) {
  return admit_meant(item) && (state_ != State::stopped || item.event.type < BP_EV_MESSAGE);
}

// Whether the event still means something.
bool Slot::admit_meant(Item& item) {
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
      if (incoming == nullptr || state_ == State::stopped) {
        return false;  // gone before it was seen, or to be abandoned
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
    case BP_EV_REGISTRY:
      return admit_names(item);
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

// There is room: that was seen to before.
bp_event& Slot::add_event(Lent lent) noexcept {
  room_->lents[event_count_] = lent;
  return room_->events[event_count_++];
}

// Under the lock. Answers from how many ends messages may be taken.
std::size_t Slot::admit_items() {
  bool stopping = false;  // STOP is the last event of its batch
  for (Ring<Item>* queue : {&operations_queue_, &items_}) {
    while (!stopping && !queue->empty() && turn_items_.size() < batch_events_max) {
      Item& item = queue->front();
      if (admit(item)) {
        stopping = item.event.type == BP_EV_STOP;
        leaving_ = leaving_ || stopping;
        turn_items_.push_back(std::move(item));
      }
      queue->pop_front();
    }
  }
  // A message is acknowledged when its handler returns: one that stops would lose it.
  return leaving_ ? 0 : ready_ends_.size();
}

void Slot::show_items() {
  for (std::uint32_t index = 0; index < turn_items_.size(); ++index) {
    const Item& item = turn_items_[index];
    const bool lends = !item.error && item.payload.block;
    bp_event& event = add_event({lends ? Lent::item : Lent::nothing, index});
    event = item.event;
    event.struct_size = sizeof(bp_event);
    event.time_ns = turn_ns_;
    if (item.error) {
      event.flags |= BP_EVF_ERROR;
      event.buf.data = item.error.get();
      event.buf.size = sizeof(bp_error);
    } else if (lends) {
      event.buf = as_buf(item.payload, handle_of(HandleKind::lent, turn_, index));
    }
    if (item.payload.traced) {
      event.flags |= BP_EVF_TRACE;
      std::memcpy(event.trace, item.payload.trace.data(), item.payload.trace.size());
    }
  }
}

bool Slot::to_event_json(const End& end, const channel::Glimpse& glimpse, message::Message& text) {
  auto json =
      exchange::to_json(exchange::Exchange::type_of(end.entry), {glimpse.data, glimpse.size});
  if (!json) {
    surroundings_.logger.warn(
        "a message could not be shown as JSON and was skipped",
        {{"channel", end.entry.channel->settings().name}, {"error", json.error().text()}});
    return false;
  }
  text = message::copy_of(surroundings_.exchange.pool(),
                          std::as_bytes(std::span(json->data(), json->size())));
  return static_cast<bool>(text.block);
}

// What came as a letter, came back, or is shown as JSON.
void Slot::add_special(OpenBatch& open, std::uint32_t number, const channel::Glimpse& glimpse) {
  message::Message text;
  if (open.end->json && !to_event_json(*open.end, glimpse, text)) {
    return;
  }
  const std::uint32_t index = event_count_;
  bp_event& event = add_event({static_cast<std::uint32_t>(batches_open_ - 1), number});
  fill_message(event, head_of(open.end->token, open.handle), turn_ns_,
               handle_of(HandleKind::lent, turn_, index), glimpse);
  if (glimpse.special != nullptr) {
    event.flags = glimpse.special->attempts > 0 ? BP_EVF_REDELIVERED : 0;
    if (glimpse.special->message.traced) {
      event.flags |= BP_EVF_TRACE;
      std::memcpy(event.trace, glimpse.special->message.trace.data(), sizeof event.trace);
    }
  }
  if (text.block) {
    event.flags |= BP_EVF_JSON;
    event.buf.data = text.data();
    event.buf.size = event.buf.capacity = text.size;
    // What came as a letter is found by its number: the place of `special` may change.
    open.texts.push_back(
        {number, std::move(text), {glimpse.data, glimpse.size, glimpse.seq, nullptr}});
  }
}

Slot::OpenBatch& Slot::next_batch() {
  if (batches_open_ == batches_.size()) {
    batches_.push_back(std::make_unique<OpenBatch>());
  }
  return *batches_[batches_open_++];
}

// Shows the messages of an end as events.
class Slot::EventWriter {
 public:
  EventWriter(Slot& slot, OpenBatch& open)
      : slot_(slot), open_(open), head_(head_of(open.end->token, open.handle)) {}

  void operator()(const channel::Glimpse& glimpse) { slot_.add_special(open_, number_++, glimpse); }

  // The hot path of every delivery: everything is in locals.
  std::uint32_t pass_plain(channel::Unread& unread, std::uint32_t most) {
    const MessageHead head = head_;
    const std::uint64_t time_ns = slot_.turn_ns_;
    const auto batch = static_cast<std::uint32_t>(slot_.batches_open_ - 1);
    const std::uint32_t first = slot_.event_count_;
    bp_event* event = slot_.room_->events.data() + first;
    Lent* lent = slot_.room_->lents.data() + first;
    bp_lease lease = handle_of(HandleKind::lent, slot_.turn_, first);
    std::uint32_t number = number_;
    const std::uint32_t passed = unread.pass_plain(
        most, [&](std::byte* data, std::uint32_t size, std::uint64_t seq) noexcept {
          fill_message(*event++, head, time_ns, lease++, {data, size, seq, nullptr});
          *lent++ = {batch, number++};
        });
    slot_.event_count_ = first + passed;
    number_ = number;
    return passed;
  }

 private:
  Slot& slot_;
  OpenBatch& open_;
  const MessageHead head_;
  std::uint32_t number_ = 0;
};

// Answers whether more is there already.
bool Slot::take_from(bp_chan handle, const std::shared_ptr<End>& end) {
  OpenBatch& open = next_batch();
  open.end = end;
  open.handle = handle;
  const std::uint32_t first = event_count_;
  const std::size_t room = std::min(batch_events_max - first, budget_.count());
  std::uint32_t number = 0;
  if (end->json) {
    end->receiver->take(room, open.batch, [&](const channel::Glimpse& glimpse) {
      add_special(open, number++, glimpse);
    });
  } else {
    end->receiver->take(room, open.batch, EventWriter(*this, open));
  }
  if (open.batch.missed > 0) {
    insert_lagged(open, first);
  }
  return open.batch.more;
}

// Before the messages that came after the gap.
void Slot::insert_lagged(const OpenBatch& open, std::uint32_t first) {
  for (std::uint32_t i = event_count_++; i > first; --i) {
    room_->events[i] = room_->events[i - 1];
    room_->events[i].buf.lease = handle_of(HandleKind::lent, turn_, i);
    room_->lents[i] = room_->lents[i - 1];
  }
  room_->lents[first] = {Lent::nothing, 0};
  bp_event& lagged = room_->events[first];
  lagged = bp_event{};
  lagged.struct_size = sizeof(bp_event);
  lagged.time_ns = turn_ns_;
  lagged.type = BP_EV_LAGGED;
  lagged.token = open.end->token;
  lagged.handle = open.handle;
  lagged.seq = open.batch.missed;
}

// Takes messages from the ends that said they have some, each once. Answers whether it did not come
// to all of them.
bool Slot::collect_messages(std::size_t ends) {
  for (; ends > 0; --ends) {
    if (event_count_ >= batch_events_max) {
      return true;
    }
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
    if (end && end->receiver && take_from(handle, end)) {
      end_ready(handle);
    }
  }
  return false;
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

void Slot::hand_over() {
  // Written by this strand alone.
  counts_.events.store(counts_.events.load(std::memory_order_relaxed) + event_count_,
                       std::memory_order_relaxed);
  std::optional<error::Error> thrown;
  {
    const CallStack::Frame frame(*this, true);
    try {
      plugin_.on_events(self_, room_->events.data(), sizeof(bp_event), event_count_);
    } catch (const std::exception& exception) {
      thrown.emplace(BP_E_PANIC,
                     std::string("on_events() threw across the boundary: ") + exception.what());
    } catch (...) {
      thrown.emplace(BP_E_PANIC, "on_events() threw across the boundary");
    }
  }
  if (!thrown) {
    return;
  }
  for (const Item& item : turn_items_) {
    if (item.event.type < BP_EV_MESSAGE) {
      bp_error raw{};
      raw.struct_size = sizeof raw;
      thrown->to_abi(&raw);
      complete(item.event.handle, BP_E_PANIC, &raw);
    }
  }
  fault(std::move(*thrown));
}

// Returning from on_events acknowledges what was not retained, and ends every loan.
void Slot::end_turn() {
  ++turn_;
  for (std::size_t i = 0; i < batches_open_; ++i) {
    OpenBatch& open = *batches_[i];
    open.end->receiver->finish(open.batch);
    open.end.reset();
    open.texts.clear();
  }
  batches_open_ = 0;
  for (SendGate* gate : unsettled_) {
    gate->unsettled = false;
    gates_.settle(*gate);
  }
  unsettled_.clear();
  event_count_ = 0;
  turn_items_.clear();
}

// The loan of an event becomes a lease of the plugin's.
bp_status Slot::retain(bp_buf& buf) {
  const std::size_t index = buf.lease & handle_index_max;
  if (!CallStack::in_turn_of(*this) || index >= event_count_ ||
      buf.lease != handle_of(HandleKind::lent, turn_, static_cast<std::uint32_t>(index))) {
    return BP_E_STALE;
  }
  const Lent lent = room_->lents[index];
  Lease lease;
  if (lent.batch == Lent::item) {
    lease.message = turn_items_[lent.index].payload;
  } else if (lent.batch < batches_open_) {
    OpenBatch& open = *batches_[lent.batch];
    const bp_event& event = room_->events[index];
    channel::Glimpse glimpse{static_cast<std::byte*>(event.buf.data),
                             static_cast<std::uint32_t>(event.buf.size), event.seq, nullptr};
    const auto text = std::ranges::find(open.texts, lent.index, &OpenBatch::Text::number);
    if (text != open.texts.end()) {
      glimpse = text->original;
    }
    lease.receiver = open.end->receiver;
    lease.delivery = lease.receiver->keep(open.batch, lent.index, glimpse, lease.message);
    if (lease.delivery == 0) {
      return BP_E_BUSY;
    }
    if (text != open.texts.end()) {
      lease.message = text->json;
    }
  } else {
    return BP_E_STALE;  // retained before, or never lent
  }
  room_->lents[index].batch = Lent::kept;
  const message::Message message = lease.message;
  const std::shared_ptr<channel::Receiver> receiver = lease.receiver;
  const std::uint64_t delivery = lease.delivery;
  bp_lease handle = 0;
  {
    const std::lock_guard lock(mutex_);
    handle = leases_.add(std::move(lease));
  }
  if (handle == 0) {
    if (receiver) {
      receiver->nack(delivery, 0, error::Error(BP_E_BUSY, "too many leases"));
    }
    return BP_E_BUSY;
  }
  buf = as_buf(message, handle);
  return BP_OK;
}

bool Slot::on_this_stack() const noexcept {
  return CallStack::holds(*this);
}

bp_status Slot::answer_inline(const service::Method& method, const bp_buf& request, bp_buf& reply,
                              bp_error& error) {
  const CallStack::Frame frame(*this);
  try {
    return method.inline_fn(method.inline_self != nullptr ? method.inline_self : self_, method.id,
                            &request, &reply, &error);
  } catch (const std::exception& thrown) {
    return refuse({BP_E_PANIC, std::string("an inline method threw: ") + thrown.what()}, &error);
  } catch (...) {
    return refuse({BP_E_PANIC, "an inline method threw"}, &error);
  }
}

bp_status Slot::take_reply(const bp_buf& reply, message::Message& out) {
  const std::lock_guard lock(mutex_);
  const bp_status valid = leases_.part(reply, out);
  leases_.remove(reply.lease);
  return valid;
}

// For callers without a seat: the reply is always a message of the pool's.
service::Reply Slot::run_inline(const service::Method& method, const message::Message& request) {
  const bp_buf asked = as_buf(request, 0);
  alignas(lease_alignment_bytes) std::array<std::byte, BP_INLINE_REPLY_BYTES> room;
  bp_buf answer{room.data(), 0, room.size(), 0};
  bp_error raw;
  raw.struct_size = sizeof raw;
  raw.code = BP_OK;
  raw.n_context = raw.text_len = 0;
  const bp_status status = answer_inline(method, asked, answer, raw);
  service::Reply reply;
  bp_status valid = BP_OK;
  if (answer.lease != 0) {
    valid = take_reply(answer, reply.message);
  } else if (answer.size > 0 && answer.data == room.data() && answer.size <= room.size()) {
    reply.message = message::copy_of(surroundings_.exchange.pool(),
                                     std::span<const std::byte>(room.data(), answer.size));
    valid = reply.message.block ? BP_OK : BP_E_NO_MEMORY;
  } else if (answer.size > 0) {
    valid = BP_E_INVALID;
  }
  if (status < 0) {
    return service::Reply::failure(error::Error::from_abi(status, &raw));
  }
  if (valid < 0) {
    return service::Reply::failure(
        {valid, "an inline method answered with memory that is not its own"});
  }
  reply.status = status;
  return reply;
}

}  // namespace host::slot
