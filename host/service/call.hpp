// host/service/call.hpp - one call in flight: answered exactly once, by whoever comes first.
//
// Owns: the request until it was delivered, the reply callback. Thread: any. Errors: handed to the
// callback.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
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

class Limit;
class Provider;
class Service;

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

  // Id of the instance that made it; empty: the operator did, as the command line and wires do.
  [[nodiscard]] virtual std::string_view caller() const noexcept = 0;

  // The provider's, once; before that anyone may look.
  [[nodiscard]] message::Message take_request() noexcept { return std::move(request_); }

  [[nodiscard]] const message::Message& request() const noexcept { return request_; }

  [[nodiscard]] bool finished() const noexcept {
    return (phase_.load(std::memory_order_acquire) & over) != 0;
  }

  // The provider's reply. False when the call was answered, cancelled or timed out before: the
  // first wins, and its reply reaches the caller.
  bool answer(Reply&& reply);

  // The same by anyone else: the provider is told that nobody waits any more.
  bool finish(Reply&& reply);

  // The caller does not want the answer any more. False when it was finished before.
  bool cancel();

  // ---- on its way to the provider, by who makes the call; anyone may end it meanwhile

  // First: whose it is, and where the time from `began_ns` to the end is counted. `limit` of its
  // method, or null.
  void aim(std::shared_ptr<Service> service, Stats& stats, Limit* limit,
           std::uint64_t began_ns) noexcept;

  // After aim().
  [[nodiscard]] const Service& service() const noexcept { return *service_; }

  // It waits for its turn: from now on its end is counted, and told to the limit. False: it is over
  // already, and neither will happen.
  [[nodiscard]] bool show() noexcept;

  // It is queued: what show() does, and its end is told to the provider, which calls it `handle`.
  [[nodiscard]] bool assign(std::weak_ptr<Provider> provider, std::uint64_t handle) noexcept;

  enum class Place : std::uint8_t { none, waiting, working };

  // Where it stands at its limit; the limit's, under its lock.
  struct Ticket {
    Place place = Place::none;
    bool has_waited = false;
    std::list<std::shared_ptr<Call>>::iterator in_line;
  };

  [[nodiscard]] Ticket& ticket() noexcept { return ticket_; }

 protected:
  // Once, unless the caller cancelled.
  virtual void ended(Reply&& reply) = 0;

  // Once, however it ended: timers are let go.
  virtual void closed() {}

 private:
  // What happened so far. Who adds a bit sees what the others left in the fields that it covers.
  enum Phase : std::uint8_t {
    over = 1,
    aimed = 2,    // service_, stats_, limit_, began_ns_
    assigned = 4  // provider_, handle_
  };

  // The phases before; nothing: somebody else ended it first.
  [[nodiscard]] std::optional<unsigned> claim() noexcept;
  void record(unsigned before, bp_status status) noexcept;
  void tell_provider(unsigned before);
  void leave_limit(unsigned before);

  const std::uint32_t method_;
  const std::uint64_t deadline_ns_;
  message::Message request_;
  std::atomic<std::uint8_t> phase_{0};
  std::weak_ptr<Provider> provider_;
  std::uint64_t handle_ = 0;
  std::shared_ptr<Service> service_;  // keeps stats_ and limit_
  Stats* stats_ = nullptr;
  Limit* limit_ = nullptr;
  std::uint64_t began_ns_ = 0;
  Ticket ticket_;
};

// A call whose answer goes to a function: for callers that are no instance, and calls by name.
class FunctionCall final : public Call {
 public:
  using Done = std::function<void(Reply&&)>;

  FunctionCall(std::uint32_t method, message::Message request, std::uint64_t deadline_ns, Done done,
               std::string caller = {})
      : Call(method, std::move(request), deadline_ns),
        done_(std::move(done)),
        caller_(std::move(caller)) {}

  [[nodiscard]] std::string_view caller() const noexcept override { return caller_; }

  // Run once when the call is over; at once when it is already.
  void on_close(std::function<void()> hook);

 private:
  void ended(Reply&& reply) override;
  void closed() override;

  Done done_;
  const std::string caller_;
  std::mutex mutex_;
  bool over_ = false;
  std::function<void()> hook_;
};

// Finish the call with TIMEOUT at its deadline; the timer is let go when the call ends before.
void arm_deadline(runtime::TimerQueue& timers, const std::shared_ptr<FunctionCall>& call);

}  // namespace host::service
