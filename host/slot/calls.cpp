// host/slot/calls.cpp - calls on their way: made, queued, answered, late.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "host/slot/slot.hpp"

namespace host::slot {

error::Result<bp_call> Slot::register_call(std::string_view what, MadeCall made) {
  const std::lock_guard lock(mutex_);
  if (state_ != State::active) {
    return std::unexpected(not_active(what));
  }
  const bp_call given = calls_.add(std::move(made));
  if (given == 0) {
    return std::unexpected(too_many_calls(what));
  }
  return given;
}

error::Error Slot::too_many_calls(std::string_view what) {
  return {BP_E_BUSY, std::string(what) + ": an instance has at most " +
                         std::to_string(BP_CALLS_MAX) + " open calls and sends"};
}

void Slot::reply_arrived(bp_call handle, std::uint16_t type, std::uint16_t flags,
                         service::Reply&& reply) {
  Item item;
  item.event.type = type;
  item.event.flags = flags;
  item.event.handle = handle;
  item.event.status = reply.status;
  item.payload = std::move(reply.message);
  if (reply.error) {
    item.error = std::make_shared<bp_error>();
    item.error->struct_size = sizeof(bp_error);
    reply.error->to_abi(item.error.get());
  }
  push(std::move(item));
}

bp_status Slot::submit(const std::shared_ptr<service::Call>& call, std::uint64_t token) {
  {
    const std::lock_guard lock(mutex_);
    // The service is looked at under the lock under which close() looks for its calls.
    if (state_ != State::active || call->service().closed()) {
      return BP_E_UNAVAILABLE;
    }
    // Who has waited for a place was let in already; as many as there are places may come so.
    if (queued_calls_ >= BP_METHOD_QUEUE_MAX && !call->ticket().has_waited) {
      return BP_E_BUSY;
    }
    const bp_handle handle = incoming_.add({call, token, false});
    if (handle == 0) {
      return BP_E_BUSY;
    }
    if (!call->assign(weak_from_this(), handle)) {
      incoming_.remove(handle);
      return BP_E_CANCELLED;
    }
    ++queued_calls_;
    Item& item = items_.push_back({});
    item.event.type = BP_EV_CALL;
    item.event.token = token;
    item.event.method = call->method();
    item.event.seq = call->deadline_ns();
    item.event.handle = handle;
    item.payload = call->take_request();
  }
  strand_->schedule();
  return BP_OK;
}

void Slot::abandon_calls(const service::Service* service) {
  std::vector<std::shared_ptr<service::Call>> open;
  {
    const std::lock_guard lock(mutex_);
    incoming_.for_each([&](const Incoming& incoming) {
      if (service == nullptr || &incoming.call->service() == service) {
        open.push_back(incoming.call);
      }
    });
  }
  for (const std::shared_ptr<service::Call>& call : open) {
    call->finish(service::Reply::failure(call->service().abandoned()));
  }
}

// A call by name is known only when it is on its way. Who gave it up before took its handle away.
void Slot::call_is_out(bp_call handle, const std::shared_ptr<service::Call>& call) {
  {
    const std::lock_guard lock(mutex_);
    if (MadeCall* made = calls_.find(handle)) {
      made->call = call;
      return;
    }
  }
  call->cancel();  // unless it was answered meanwhile
}

// One timer watches the earliest deadline of all calls that this instance made: most calls are
// answered long before, and cost no timer.
void Slot::watch_deadline(std::uint64_t deadline_ns) {
  {
    const std::lock_guard lock(mutex_);
    if (state_ == State::withdrawn ||
        (next_deadline_ns_ != 0 && next_deadline_ns_ <= deadline_ns)) {
      return;
    }
    next_deadline_ns_ = deadline_ns;
  }
  surroundings_.runtime.timers().add(deadline_ns, 0, [weak = weak_from_this()](std::uint64_t) {
    if (const auto self = weak.lock()) {
      self->end_late_calls();
    }
  });
}

void Slot::end_late_calls() {
  std::vector<std::shared_ptr<service::Call>> late;
  std::uint64_t next = 0;
  {
    const std::lock_guard lock(mutex_);
    const std::uint64_t now = runtime::now_ns();
    next_deadline_ns_ = 0;
    calls_.for_each([&](const MadeCall& made) {
      if (!made.call || made.deadline_ns == 0) {
        return;
      }
      if (made.deadline_ns <= now) {
        late.push_back(made.call);
      } else if (!made.call->finished()) {
        next = next == 0 ? made.deadline_ns : std::min(next, made.deadline_ns);
      }
    });
  }
  for (const auto& call : late) {
    call->finish(service::Reply::failure({BP_E_TIMEOUT, "no reply before the deadline"}));
  }
  if (next != 0) {
    watch_deadline(next);
  }
}

// The call ended without this provider's reply: cancelled, or its deadline passed.
void Slot::call_ended(bp_handle incoming) {
  std::optional<Incoming> entry;
  {
    const std::lock_guard lock(mutex_);
    entry = incoming_.remove(incoming);
  }
  if (entry && entry->dispatched) {
    Item item;
    item.event.type = BP_EV_CALL_CANCELLED;
    item.event.token = entry->token;
    item.event.method = entry->call->method();
    item.event.handle = incoming;
    push(std::move(item));
  }
}

}  // namespace host::slot
