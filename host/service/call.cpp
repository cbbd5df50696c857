// host/service/call.cpp - the first to claim the call ends it.
#include "host/service/call.hpp"

#include <utility>

#include "host/service/limit.hpp"
#include "host/service/service.hpp"

namespace host::service {

void Call::aim(std::shared_ptr<Service> service, Stats& stats, Limit* limit,
               std::uint64_t began_ns) noexcept {
  service_ = std::move(service);
  stats_ = &stats;
  limit_ = limit;
  began_ns_ = began_ns;
}

bool Call::show() noexcept {
  return (phase_.fetch_or(aimed, std::memory_order_acq_rel) & over) == 0;
}

bool Call::assign(std::weak_ptr<Provider> provider, std::uint64_t handle) noexcept {
  provider_ = std::move(provider);
  handle_ = handle;
  return (phase_.fetch_or(aimed | assigned, std::memory_order_acq_rel) & over) == 0;
}

std::optional<unsigned> Call::claim() noexcept {
  const unsigned before = phase_.fetch_or(over, std::memory_order_acq_rel);
  return (before & over) != 0 ? std::nullopt : std::optional(before);
}

void Call::record(unsigned before, bp_status status) noexcept {
  if ((before & aimed) != 0) {
    const std::uint64_t took_ns = runtime::now_ns() - began_ns_;
    const std::size_t place = stats_->record_latency(took_ns);
    if (request_.traced) [[unlikely]] {  // which stays, also when the provider took the bytes
      stats_->keep_exemplar(place, took_ns, request_.trace);
    }
    if (status < 0) {
      stats_->count_failure(status);
    }
  }
}

void Call::tell_provider(unsigned before) {
  if ((before & assigned) != 0) {
    if (const auto provider = provider_.lock()) {
      provider->call_ended(handle_);
    }
  }
}

void Call::leave_limit(unsigned before) {
  if ((before & aimed) != 0 && limit_ != nullptr) {
    limit_->leave(*this);
  }
}

// The place is free before the caller hears of it: it may call again at once.
bool Call::answer(Reply&& reply) {
  const auto before = claim();
  if (!before) {
    return false;
  }
  record(*before, reply.status);
  leave_limit(*before);
  closed();
  ended(std::move(reply));
  return true;
}

bool Call::finish(Reply&& reply) {
  const auto before = claim();
  if (!before) {
    return false;
  }
  record(*before, reply.status);
  tell_provider(*before);
  leave_limit(*before);
  closed();
  ended(std::move(reply));
  return true;
}

bool Call::cancel() {
  const auto before = claim();
  if (!before) {
    return false;
  }
  if ((*before & aimed) != 0) {
    stats_->untimed.fetch_add(1, std::memory_order_relaxed);
  }
  tell_provider(*before);
  leave_limit(*before);
  closed();
  return true;
}

void FunctionCall::ended(Reply&& reply) {
  const Done done = std::exchange(done_, {});
  if (done) {
    done(std::move(reply));
  }
}

void FunctionCall::closed() {
  std::function<void()> hook;
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
    hook = std::exchange(hook_, {});
  }
  if (hook) {
    hook();
  }
}

void FunctionCall::on_close(std::function<void()> hook) {
  {
    const std::lock_guard lock(mutex_);
    if (!over_) {
      hook_ = std::move(hook);
      return;
    }
  }
  hook();
}

void arm_deadline(runtime::TimerQueue& timers, const std::shared_ptr<FunctionCall>& call) {
  if (call->finished()) {
    return;
  }
  const auto id = timers.add(call->deadline_ns(), 0, [weak = std::weak_ptr(call)](std::uint64_t) {
    if (const auto late = weak.lock()) {
      late->finish(Reply::failure({BP_E_TIMEOUT, "no reply before the deadline"}));
    }
  });
  call->on_close([&timers, id] { timers.cancel(id); });
}

}  // namespace host::service
