// host/service/call.hpp - one call in flight: answered exactly once, by whoever comes first.
//
// Owns: the request until it was delivered, the reply callback. Thread: any. Errors: handed to the
// callback.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "host/error/error.hpp"
#include "host/message/pool.hpp"
#include "host/runtime/runtime.hpp"

namespace host::service {

struct Reply {
  bp_status status = BP_OK;
  message::Message message;
  std::optional<error::Error> error;  // set when status is negative

  [[nodiscard]] static Reply failure(error::Error error) {
    const bp_status status = error.code();
    return {status, {}, std::move(error)};
  }
};

class Call {
 public:
  using Done = std::function<void(Reply&&)>;

  Call(std::uint32_t method, message::Message request, std::uint64_t deadline_ns, Done done)
      : method_(method),
        deadline_ns_(deadline_ns),
        request_(std::move(request)),
        done_(std::move(done)) {}

  [[nodiscard]] std::uint32_t method() const noexcept { return method_; }

  [[nodiscard]] std::uint64_t deadline_ns() const noexcept { return deadline_ns_; }

  [[nodiscard]] const message::Message& request() const noexcept { return request_; }

  [[nodiscard]] bool finished() const noexcept { return finished_.load(std::memory_order_acquire); }

  // False when it was answered, cancelled or timed out before. The first wins; its reply reaches
  // the caller.
  bool finish(Reply&& reply);

  // The caller does not want the answer any more. False when it was finished before.
  bool cancel();

  // Run once when the call is finished by anyone but the provider: the provider is told and timers
  // are let go.
  void on_finish(std::function<void()> hook);

 private:
  [[nodiscard]] bool claim() noexcept {
    return !finished_.exchange(true, std::memory_order_acq_rel);
  }

  void run_hooks();

  const std::uint32_t method_;
  const std::uint64_t deadline_ns_;
  const message::Message request_;
  Done done_;
  std::atomic<bool> finished_{false};
  std::mutex mutex_;
  std::vector<std::function<void()>> hooks_;
};

// Finish the call with TIMEOUT at its deadline; the timer is let go when the call ends before.
void arm_deadline(runtime::TimerQueue& timers, const std::shared_ptr<Call>& call);

}  // namespace host::service
