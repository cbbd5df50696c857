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

class Provider;

// Counts of one method, by calls that went to the strand.
struct Stats;

class Call {
 public:
  Call(std::uint32_t method, message::Message request, std::uint64_t deadline_ns)
      : method_(method), deadline_ns_(deadline_ns), request_(std::move(request)) {}

  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  virtual ~Call() = default;

  [[nodiscard]] std::uint32_t method() const noexcept { return method_; }

  [[nodiscard]] std::uint64_t deadline_ns() const noexcept { return deadline_ns_; }

  // The provider's, once; before that anyone may look.
  [[nodiscard]] message::Message take_request() noexcept { return std::move(request_); }

  [[nodiscard]] const message::Message& request() const noexcept { return request_; }

  [[nodiscard]] bool finished() const noexcept { return finished_.load(std::memory_order_acquire); }

  // The provider's reply. False when the call was answered, cancelled or timed out before: the
  // first wins, and its reply reaches the caller.
  bool answer(Reply&& reply);

  // The same by anyone else: the provider is told that nobody waits any more.
  bool finish(Reply&& reply);

  // The caller does not want the answer any more. False when it was finished before.
  bool cancel();

  // Before it is queued: whom to tell, and what the provider calls it.
  void assign(std::weak_ptr<Provider> provider, std::uint64_t handle) noexcept {
    provider_ = std::move(provider);
    handle_ = handle;
  }

  // Where the time from `began_ns` to the end is counted; `owner` keeps that alive.
  void measure(std::shared_ptr<const void> owner, Stats& stats, std::uint64_t began_ns) noexcept {
    owner_ = std::move(owner);
    stats_ = &stats;
    began_ns_ = began_ns;
  }

 protected:
  // Once, unless the caller cancelled.
  virtual void ended(Reply&& reply) = 0;

  // Once, however it ended: timers are let go.
  virtual void closed() {}

 private:
  [[nodiscard]] bool claim() noexcept {
    return !finished_.exchange(true, std::memory_order_acq_rel);
  }

  void record(bp_status status) noexcept;
  void tell_provider();

  const std::uint32_t method_;
  const std::uint64_t deadline_ns_;
  message::Message request_;
  std::atomic<bool> finished_{false};
  std::weak_ptr<Provider> provider_;
  std::uint64_t handle_ = 0;
  std::shared_ptr<const void> owner_;
  Stats* stats_ = nullptr;
  std::uint64_t began_ns_ = 0;
};

// A call whose answer goes to a function: for callers that are no instance.
class FunctionCall final : public Call {
 public:
  using Done = std::function<void(Reply&&)>;

  FunctionCall(std::uint32_t method, message::Message request, std::uint64_t deadline_ns, Done done)
      : Call(method, std::move(request), deadline_ns), done_(std::move(done)) {}

  // Run once when the call is over; at once when it is already.
  void on_close(std::function<void()> hook);

 private:
  void ended(Reply&& reply) override;
  void closed() override;

  Done done_;
  std::mutex mutex_;
  bool over_ = false;
  std::function<void()> hook_;
};

// Finish the call with TIMEOUT at its deadline; the timer is let go when the call ends before.
void arm_deadline(runtime::TimerQueue& timers, const std::shared_ptr<FunctionCall>& call);

}  // namespace host::service
