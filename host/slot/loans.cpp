// host/slot/loans.cpp - what is lent through gates and leases: parts of it, and giving it up.
#include <atomic>
#include <cstdint>
#include <span>
#include <utility>

#include "host/slot/call_stack.hpp"
#include "host/slot/slot.hpp"

namespace host::slot {

void Slot::open_call_gate(bp_svc handle, const ServiceHandle& to) {
  if (!to.service || state_ != State::active) {
    return;
  }
  CallGate* gate = call_gates_.prepare(handle);
  if (gate != nullptr && !gate->seat.taken()) {
    begin_lending(*gate);
    gate->service = to.service.get();
    to.service->take_seat(gate->seat);
    GateTable<CallGate>::open(*gate, handle);
  }
}

// Is the strand inside an inline method of the service now? Then its seat is left at the end of the
// turn: the provider has to know until then.
void Slot::bar_call_gate(bp_svc handle, std::shared_ptr<service::Service> service) {
  if (CallGate* gate = call_gates_.bar(handle)) {
    leave_seat(*gate, std::move(service));
  }
}

void Slot::bar_call_gates() {
  for (const bp_svc handle : services_.handles()) {
    if (const ServiceHandle* known = services_.find(handle); known->service && !known->provided) {
      bar_call_gate(handle, known->service);
    }
  }
}

void Slot::leave_seat(CallGate& gate, std::shared_ptr<service::Service> service) {
  if (gate.inside.load(std::memory_order_acquire)) {
    seats_to_leave_.emplace_back(&gate, std::move(service));
    strand_->schedule();  // its next turn leaves it
  } else {
    service->leave_seat(gate.seat);
  }
}

void Slot::leave_seats() {
  for (const auto& [gate, service] : seats_to_leave_) {
    service->leave_seat(gate->seat);
  }
  seats_to_leave_.clear();
}

// A reply that an inline method wrote into the room of the caller's gate.
bp_status Slot::part_of_reply(const bp_buf& buf, message::Message& out) {
  const CallGate* gate = call_gates_.at(buf.lease & handle_index_max);
  if (gate == nullptr || !gate->holds(buf.lease)) {
    return BP_E_STALE;
  }
  return copy_part(buf, gate->reply.data(), gate->reply.size(), out);
}

// What does not lie in a block of the pool cannot be shared: its bytes are copied.
bp_status Slot::copy_part(const bp_buf& buf, const std::byte* begin, std::size_t bytes,
                          message::Message& out) {
  const auto offset = offset_within(buf, begin, bytes);
  if (!offset) {
    return BP_E_INVALID;
  }
  out = message::copy_of(surroundings_.exchange.pool(),
                         std::span<const std::byte>(begin + *offset, buf.size));
  return out.block ? BP_OK : BP_E_NO_MEMORY;
}

bp_status Slot::part_of(const bp_buf& buf, message::Message& out) {
  const auto kind = static_cast<HandleKind>(buf.lease >> 56U);
  if (kind == HandleKind::reply) {
    return part_of_reply(buf, out);
  }
  const std::lock_guard lock(mutex_);
  if (kind != HandleKind::room) {
    return leases_.part(buf, out);
  }
  // Room of a lane that is not sent there as it is.
  const SendGate* gate = gate_that_lent(buf.lease);
  return gate == nullptr ? BP_E_STALE
                         : copy_part(buf, gate->sender->lent(), gate->sender->lent_bytes(), out);
}

// Under the lock, where the end behind the gate stays; not inside the gate: that is the place of
// the one thread that sends there, and anybody may come here with any lease.
SendGate* Slot::gate_that_lent(bp_lease lease) {
  SendGate* gate = gates_.at(lease & handle_index_max);
  const bool open = gate != nullptr && gate->handle.load(std::memory_order_acquire) != 0;
  return open && gate->holds(lease) ? gate : nullptr;
}

bool Slot::give_up_lease(bp_lease handle) {
  const auto kind = static_cast<HandleKind>(handle >> 56U);
  if (kind == HandleKind::reply) {
    CallGate* gate = call_gates_.at(handle & handle_index_max);
    return gate != nullptr && gate->give_up(handle, CallStack::in_turn_of(*this));
  }
  if (kind == HandleKind::room) {
    const std::lock_guard lock(mutex_);
    const SendGate* gate = gate_that_lent(handle);
    if (gate != nullptr) {
      gate->sender->return_lent();
    }
    return gate != nullptr;
  }
  std::optional<Lease> lease;
  {
    const std::lock_guard lock(mutex_);
    lease = leases_.remove(handle);
  }
  if (lease && lease->receiver) {
    lease->receiver->ack(lease->delivery);
  }
  return lease.has_value();
}

}  // namespace host::slot
