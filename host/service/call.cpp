// host/service/call.cpp - the first to claim the call ends it.
#include "host/service/call.hpp"

#include <utility>

namespace host::service {

void Call::run_hooks() {
  std::vector<std::function<void()>> hooks;
  {
    const std::lock_guard lock(mutex_);
    hooks.swap(hooks_);
  }
  for (const std::function<void()>& hook : hooks) {
    hook();
  }
}

bool Call::finish(Reply&& reply) {
  if (!claim()) {
    return false;
  }
  run_hooks();
  const Done done = std::exchange(done_, {});
  if (done) {
    done(std::move(reply));
  }
  return true;
}

bool Call::cancel() {
  if (!claim()) {
    return false;
  }
  done_ = {};
  run_hooks();
  return true;
}

void Call::on_finish(std::function<void()> hook) {
  {
    const std::lock_guard lock(mutex_);
    if (!finished()) {
      hooks_.push_back(std::move(hook));
      return;
    }
  }
  hook();
}

void arm_deadline(runtime::TimerQueue& timers, const std::shared_ptr<Call>& call) {
  if (call->finished()) {
    return;
  }
  const auto id = timers.add(call->deadline_ns(), 0, [weak = std::weak_ptr(call)](std::uint64_t) {
    if (const auto late = weak.lock()) {
      late->finish(Reply::failure({BP_E_TIMEOUT, "no reply before the deadline"}));
    }
  });
  call->on_finish([&timers, id] { timers.cancel(id); });
}

}  // namespace host::service
