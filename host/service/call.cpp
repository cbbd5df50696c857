// host/service/call.cpp - the first to claim the call ends it.
#include "host/service/call.hpp"

#include <utility>

#include "host/service/service.hpp"

namespace host::service {

void Call::record(bp_status status) noexcept {
  if (stats_ != nullptr) {
    stats_->record_latency(runtime::now_ns() - began_ns_);
    if (status < 0) {
      stats_->failures.fetch_add(1, std::memory_order_relaxed);
    }
  }
}

void Call::tell_provider() {
  if (const auto provider = provider_.lock()) {
    provider->call_ended(handle_);
  }
}

bool Call::answer(Reply&& reply) {
  if (!claim()) {
    return false;
  }
  record(reply.status);
  closed();
  ended(std::move(reply));
  return true;
}

bool Call::finish(Reply&& reply) {
  if (!claim()) {
    return false;
  }
  record(reply.status);
  tell_provider();
  closed();
  ended(std::move(reply));
  return true;
}

bool Call::cancel() {
  if (!claim()) {
    return false;
  }
  tell_provider();
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
