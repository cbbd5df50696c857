// host/runtime/strand.cpp - the state word: who queues a strand, who runs it, who deletes it.
#include "host/runtime/strand.hpp"

#include "host/runtime/scheduler.hpp"

namespace host::runtime {

std::shared_ptr<Strand> Strand::make(Scheduler& scheduler, std::function<bool()> body,
                                     const std::string& name) {
  return {new Strand(scheduler, std::move(body), name), &Strand::release};
}

void Strand::schedule() {
  // Always a read-modify-write, also when it is queued already: run() begins with one on the same
  // word, so either it sees what was written before this call, or this call sees `running`.
  const std::uint32_t before = state_.fetch_or(queued_bit, std::memory_order_acq_rel);
  if ((before & (queued_bit | running_bit | closed_bit)) == 0) {
    scheduler_.enqueue(*this);
  }
}

Strand::After Strand::run() {
  // From queued to running. Acquires what every schedule() up to now released.
  state_.fetch_add(running_bit - queued_bit, std::memory_order_acq_rel);
  const bool more = body_();
  std::uint32_t seen = running_bit;
  if (!more) {
    if (state_.compare_exchange_strong(seen, 0, std::memory_order_acq_rel)) {
      return After::idle;
    }
    if (seen == (running_bit | orphaned_bit)) {
      delete this;  // nobody is left who could schedule it
      return After::idle;
    }
  }
  while (!state_.compare_exchange_weak(seen, (seen | queued_bit) & ~running_bit,
                                       std::memory_order_acq_rel)) {
  }
  return After::again;
}

void Strand::release(Strand* strand) noexcept {
  const std::uint32_t before = strand->state_.fetch_or(orphaned_bit, std::memory_order_acq_rel);
  // While it is queued or running, the scheduler deletes it when its last run ended.
  if ((before & (queued_bit | running_bit)) == 0 || (before & closed_bit) != 0) {
    delete strand;
  }
}

void Strand::close() noexcept {
  if ((state_.fetch_or(closed_bit, std::memory_order_acq_rel) & orphaned_bit) != 0) {
    delete this;
  }
}

}  // namespace host::runtime
