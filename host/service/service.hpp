// host/service/service.hpp - one provided service: its methods, and the way to its provider.
//
// Owns: the method table. Thread: any. Errors: NOT_FOUND, UNAVAILABLE, BUSY, and the method's own.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "backplane/abi/service.h"

#include "host/error/error.hpp"
#include "host/metric/exemplar.hpp"
#include "host/runtime/asymmetric_fence.hpp"
#include "host/service/call.hpp"
#include "host/service/limit.hpp"

namespace host::service {

struct Method {
  std::uint32_t id = 0;
  std::uint32_t flags = 0;
  std::string name;
  std::string request_type;
  std::string reply_type;
  decltype(bp_method::inline_fn) inline_fn = nullptr;
  void* inline_self = nullptr;
  std::uint32_t concurrency_max = 0;  // 0: no limit
  std::uint32_t queue_max = 0;        // with one: calls that wait; 0: none
};

// One caller's place at a service: is it in an inline method now, and what did it call? One thread
// writes, anyone reads: that is what makes it cheap.
class Seat {
 public:
  explicit Seat(const std::atomic<bool>& inside) : inside_(inside) {}

  // Forgets what was counted.
  void take(std::size_t methods) { tallies_ = std::vector<Tally>(methods); }

  [[nodiscard]] bool taken() const noexcept { return !tallies_.empty(); }

  void count(std::size_t method) noexcept { raise(tallies_[method].calls); }

  void count_failure(std::size_t method) noexcept { raise(tallies_[method].failures); }

 private:
  friend class Service;

  struct Tally {
    std::atomic<std::uint64_t> calls{0};
    std::atomic<std::uint64_t> failures{0};
  };

  static void raise(std::atomic<std::uint64_t>& word) noexcept {
    word.store(word.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  const std::atomic<bool>& inside_;
  std::vector<Tally> tallies_;  // by the method's place in the table
};

// The instance behind a service, as far as a service needs to know it.
class Provider {
 public:
  Provider() = default;
  Provider(const Provider&) = delete;
  Provider& operator=(const Provider&) = delete;
  virtual ~Provider() = default;

  // Queue the call for the provider's strand and assign() it: OK, BUSY, UNAVAILABLE, or CANCELLED
  // when it was over before.
  virtual bp_status submit(const std::shared_ptr<Call>& call, std::uint64_t token) = 0;

  // A call that was submitted ended without this provider's answer.
  virtual void call_ended(std::uint64_t handle) = 0;

  // Run an inline method on this thread; nothing is thrown.
  virtual Reply run_inline(const Method& method, const message::Message& request) = 0;

  // The same for a caller that has a seat and lends room for the reply; `reply` may come back with
  // a lease of the provider's, which take_reply() turns into a message.
  virtual bp_status answer_inline(const Method& method, const bp_buf& request, bp_buf& reply,
                                  bp_error& error) = 0;
  virtual bp_status take_reply(const bp_buf& reply, message::Message& out) = 0;

  // Is this provider's code already on the present thread's call stack?
  [[nodiscard]] virtual bool on_this_stack() const noexcept = 0;
};

// Upper bounds of the latency buckets; the last bucket has none.
inline constexpr std::array<std::uint64_t, 7> latency_bounds_ns{
    10'000, 100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000, 10'000'000'000};

// Failures by their code.
class Failures {
 public:
  void count(bp_status status) noexcept;

  // Codes that came up, in their order; those that are none of the law's count as E_UNKNOWN.
  [[nodiscard]] std::vector<std::pair<bp_status, std::uint64_t>> counts() const;

 private:
  static constexpr std::size_t codes = 32;
  std::array<std::atomic<std::uint64_t>, codes> by_code_{};
};

struct Stats {
  Stats() = default;
  Stats(const Stats&) = delete;
  Stats& operator=(const Stats&) = delete;
  ~Stats();

  std::atomic<std::uint64_t> calls{0};
  std::atomic<std::uint64_t> failures{0};
  std::atomic<std::uint64_t> busy{0};  // among the failures: refused, because of a limit
  // Calls whose latency is not and will not be counted, of methods that are not inline: refused,
  // or cancelled.
  std::atomic<std::uint64_t> untimed{0};
  // Of calls that went to the strand: two clock reads would cost more than an inline method.
  std::array<std::atomic<std::uint64_t>, latency_bounds_ns.size() + 1> latency{};
  std::atomic<std::uint64_t> latency_sum_ns{0};

  // Answers the place in `latency`.
  std::size_t record_latency(std::uint64_t ns) noexcept;

  // Of a traced call, with its place.
  void keep_exemplar(std::size_t place, std::uint64_t ns, const message::TraceContext& trace);

  [[nodiscard]] std::vector<metric::BucketExemplar> exemplars() const;

  // One more in failures, and by its code.
  void count_failure(bp_status status) noexcept;

  // Only by its code.
  void count_code(bp_status status) noexcept;

  [[nodiscard]] std::vector<std::pair<bp_status, std::uint64_t>> codes() const;

 private:
  // Each made when there is something to keep: most methods have nothing.
  std::atomic<Failures*> codes_{nullptr};
  std::atomic<metric::Exemplars*> exemplars_{nullptr};
};

class Service : public std::enable_shared_from_this<Service> {
 public:
  struct Description {
    std::string name;
    std::uint32_t major = 1;
    std::uint32_t minor = 0;
    std::string owner;  // instance id
    std::vector<Method> methods;
  };

  Service(Description description, std::weak_ptr<Provider> provider, std::uint64_t token);

  [[nodiscard]] const Description& description() const noexcept { return description_; }

  // The wall clock when it was made.
  [[nodiscard]] std::uint64_t created_unix_ns() const noexcept { return created_unix_ns_; }

  [[nodiscard]] const Method* method(std::uint32_t id) const noexcept;
  [[nodiscard]] const Method* method(std::string_view name) const noexcept;
  [[nodiscard]] const Stats& stats(const Method& method) const noexcept;

  // Null: it has none.
  [[nodiscard]] Limit* limit(const Method& method) const noexcept {
    return limits_.empty() ? nullptr : limits_[place_of(method)].get();
  }

  struct Counts {
    std::uint64_t calls = 0;
    std::uint64_t failures = 0;
    std::uint64_t busy = 0;  // among the failures
    std::uint64_t open = 0;  // not answered yet; of a method that is not inline
  };

  // Of everyone, seats included.
  [[nodiscard]] Counts counts(const Method& method) const;

  // ---- the short way, for callers with a seat

  // A call from a seat failed: its seat counts that, and this the code.
  void count_code(std::size_t place, bp_status status) noexcept {
    stats_[place].count_code(status);
  }

  void take_seat(Seat& seat);
  void leave_seat(Seat& seat);

  // While the caller is in its seat and closed() is false.
  [[nodiscard]] Provider& provider() const noexcept { return *running_provider_; }

  [[nodiscard]] std::size_t place_of(const Method& method) const noexcept {
    return static_cast<std::size_t>(&method - description_.methods.data());
  }

  // A reply at once (of an inline method, or why the call was refused), or the call that was
  // queued.
  struct Outcome {
    std::optional<Reply> reply;
    std::shared_ptr<FunctionCall> call;
  };

  [[nodiscard]] Outcome invoke(std::uint32_t method, message::Message request,
                               std::uint64_t deadline_ns, FunctionCall::Done done,
                               std::string caller = {});

  // The same with a call that its maker made, `now_ns`, and others may end. Nothing: it is queued,
  // or over.
  [[nodiscard]] std::optional<Reply> invoke(const std::shared_ptr<Call>& call,
                                            std::uint64_t now_ns);

  [[nodiscard]] bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }

  // No new call gets in; those that wait for their turn end ABANDONED. What the provider has is the
  // provider's to end.
  void shut();

  // The same, and waits for inline methods in progress until the deadline: answers whether none is
  // left.
  bool close(std::uint64_t deadline_ns);

  [[nodiscard]] error::Error no_method(std::uint32_t id) const;

  // What ends the calls of a service that is no more.
  [[nodiscard]] error::Error abandoned() const;

 private:
  [[nodiscard]] std::optional<Reply> try_inline(Provider& provider, const Method& method,
                                                const message::Message& request);
  [[nodiscard]] Reply refused(const Method& method, Limit::Verdict verdict) const;

  Description description_;
  std::weak_ptr<Provider> provider_;
  Provider* const running_provider_;
  std::uint64_t token_;
  const std::uint64_t created_unix_ns_ = metric::unix_now_ns();
  std::atomic<bool> closed_{false};
  std::atomic<std::uint32_t> inline_running_{0};
  mutable std::vector<Stats> stats_;
  std::vector<std::unique_ptr<Limit>> limits_;  // by the method's place; empty: no method has one
  runtime::AsymmetricFence fence_;
  mutable std::mutex seats_mutex_;
  std::vector<Seat*> seats_;
};

}  // namespace host::service
