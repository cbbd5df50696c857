// host/service/service.cpp - finding the method, the inline guard, the way to the strand.
#include "host/service/service.hpp"

#include <algorithm>
#include <new>
#include <thread>
#include <utility>

namespace host::service {

namespace {

// The one that is there, or a new one, whoever makes it. Null: no memory.
template <typename Kept, typename... Args>
Kept* made_once(std::atomic<Kept*>& place, Args... args) noexcept {
  Kept* there = place.load(std::memory_order_acquire);
  if (there != nullptr) {
    return there;
  }
  std::unique_ptr<Kept> made(new (std::nothrow) Kept(args...));
  if (made && place.compare_exchange_strong(there, made.get(), std::memory_order_acq_rel)) {
    there = made.release();
  }
  return there;
}

}  // namespace

std::size_t Stats::record_latency(std::uint64_t ns) noexcept {
  const auto* bound = std::ranges::lower_bound(latency_bounds_ns, ns);
  const auto place = static_cast<std::size_t>(bound - latency_bounds_ns.begin());
  latency[place].fetch_add(1, std::memory_order_relaxed);
  latency_sum_ns.fetch_add(ns, std::memory_order_relaxed);
  return place;
}

void Stats::keep_exemplar(std::size_t place, std::uint64_t ns, const message::TraceContext& trace) {
  constexpr double ns_per_s = 1e9;
  if (metric::Exemplars* const kept = made_once(exemplars_, latency.size())) {
    kept->put(place, {.value = static_cast<double>(ns) / ns_per_s,
                      .unix_time_ns = metric::unix_now_ns(),
                      .trace = trace});
  }
}

std::vector<metric::BucketExemplar> Stats::exemplars() const {
  const metric::Exemplars* const kept = exemplars_.load(std::memory_order_acquire);
  return kept == nullptr ? std::vector<metric::BucketExemplar>() : kept->all();
}

void Failures::count(bp_status status) noexcept {
  const auto index = static_cast<std::size_t>(-std::int64_t{error::status_row(status).code});
  by_code_[index < codes ? index : 0].fetch_add(1, std::memory_order_relaxed);
}

std::vector<std::pair<bp_status, std::uint64_t>> Failures::counts() const {
  std::vector<std::pair<bp_status, std::uint64_t>> counts;
  for (std::size_t index = 0; index < by_code_.size(); ++index) {
    if (const std::uint64_t count = by_code_[index].load(std::memory_order_relaxed); count != 0) {
      counts.emplace_back(-static_cast<bp_status>(index), count);
    }
  }
  return counts;
}

Stats::~Stats() {
  delete codes_.load(std::memory_order_acquire);
  delete exemplars_.load(std::memory_order_acquire);
}

void Stats::count_failure(bp_status status) noexcept {
  failures.fetch_add(1, std::memory_order_relaxed);
  count_code(status);
}

void Stats::count_code(bp_status status) noexcept {
  if (Failures* const codes = made_once(codes_)) {
    codes->count(status);
  }
}

std::vector<std::pair<bp_status, std::uint64_t>> Stats::codes() const {
  const Failures* const codes = codes_.load(std::memory_order_acquire);
  return codes == nullptr ? std::vector<std::pair<bp_status, std::uint64_t>>() : codes->counts();
}

Service::Service(Description description, std::weak_ptr<Provider> provider, std::uint64_t token)
    : description_(std::move(description)),
      provider_(std::move(provider)),
      running_provider_(provider_.lock().get()),
      token_(token),
      stats_(description_.methods.size()) {
  for (const Method& method : description_.methods) {
    if (method.concurrency_max != 0) {
      limits_.resize(description_.methods.size());
      limits_[place_of(method)] =
          std::make_unique<Limit>(method.concurrency_max, method.queue_max, provider_, token_);
    }
  }
}

const Method* Service::method(std::uint32_t id) const noexcept {
  const auto found = std::ranges::find(description_.methods, id, &Method::id);
  return found == description_.methods.end() ? nullptr : &*found;
}

const Method* Service::method(std::string_view name) const noexcept {
  const auto found = std::ranges::find(description_.methods, name, &Method::name);
  return found == description_.methods.end() ? nullptr : &*found;
}

const Stats& Service::stats(const Method& method) const noexcept {
  return stats_[place_of(method)];
}

Service::Counts Service::counts(const Method& method) const {
  const std::size_t place = place_of(method);
  const std::lock_guard lock(seats_mutex_);
  const Stats& stats = stats_[place];
  // Ended ones first: those that end meanwhile are open a moment longer, and nothing wraps.
  std::uint64_t ended = stats.untimed.load(std::memory_order_acquire);
  for (const std::atomic<std::uint64_t>& bucket : stats.latency) {
    ended += bucket.load(std::memory_order_acquire);
  }
  Counts counts{stats.calls.load(std::memory_order_relaxed),
                stats.failures.load(std::memory_order_relaxed),
                stats.busy.load(std::memory_order_relaxed)};
  if ((method.flags & BP_METHOD_INLINE) == 0) {
    counts.open = counts.calls - std::min(counts.calls, ended);
  }
  for (const Seat* seat : seats_) {
    counts.calls += seat->tallies_[place].calls.load(std::memory_order_relaxed);
    counts.failures += seat->tallies_[place].failures.load(std::memory_order_relaxed);
  }
  return counts;
}

void Service::take_seat(Seat& seat) {
  seat.take(description_.methods.size());
  const std::lock_guard lock(seats_mutex_);
  seats_.push_back(&seat);
}

void Service::leave_seat(Seat& seat) {
  const std::lock_guard lock(seats_mutex_);
  if (std::erase(seats_, &seat) == 0) {
    return;
  }
  for (std::size_t place = 0; place < stats_.size(); ++place) {
    stats_[place].calls.fetch_add(seat.tallies_[place].calls.load(std::memory_order_relaxed),
                                  std::memory_order_relaxed);
    stats_[place].failures.fetch_add(seat.tallies_[place].failures.load(std::memory_order_relaxed),
                                     std::memory_order_relaxed);
  }
  seat.take(0);
}

std::optional<Reply> Service::try_inline(Provider& provider, const Method& method,
                                         const message::Message& request) {
  if ((method.flags & BP_METHOD_INLINE) == 0 || method.inline_fn == nullptr ||
      provider.on_this_stack()) {
    return std::nullopt;
  }
  // The guard that close() waits for: count first, then look, so that a closing service never runs
  // us.
  inline_running_.fetch_add(1, std::memory_order_seq_cst);
  std::optional<Reply> reply;
  if (!closed_.load(std::memory_order_seq_cst)) {
    reply = provider.run_inline(method, request);
  }
  inline_running_.fetch_sub(1, std::memory_order_release);
  return reply;
}

std::optional<Reply> Service::invoke(const std::shared_ptr<Call>& call, std::uint64_t now_ns) {
  const Method* wanted = method(call->method());
  if (wanted == nullptr) {
    return Reply::failure(no_method(call->method()));
  }
  Stats& stats = stats_[place_of(*wanted)];
  stats.calls.fetch_add(1, std::memory_order_relaxed);
  const std::shared_ptr<Provider> provider = provider_.lock();
  if (!provider || closed()) {
    stats.count_failure(BP_E_UNAVAILABLE);
    stats.untimed.fetch_add(1, std::memory_order_relaxed);
    return Reply::failure({BP_E_UNAVAILABLE, "service '" + description_.name + "' of '" +
                                                 description_.owner + "' is not running"});
  }
  if (std::optional<Reply> reply = try_inline(*provider, *wanted, call->request())) {
    if (reply->status < 0) {
      stats.count_failure(reply->status);
    }
    return reply;
  }
  Limit* const limit = this->limit(*wanted);
  call->aim(shared_from_this(), stats, limit, now_ns);
  const Limit::Verdict verdict =
      limit == nullptr ? Limit::Verdict{provider->submit(call, token_)} : limit->enter(call);
  if (verdict.status >= 0) {
    return std::nullopt;
  }
  stats.untimed.fetch_add(1, std::memory_order_relaxed);
  if (verdict.status == BP_E_CANCELLED) {
    return std::nullopt;
  }
  stats.count_failure(verdict.status);
  if (verdict.status == BP_E_BUSY) {
    stats.busy.fetch_add(1, std::memory_order_relaxed);
  }
  return refused(*wanted, verdict);
}

Reply Service::refused(const Method& method, Limit::Verdict verdict) const {
  const std::string who = "service '" + description_.name + "' of '" + description_.owner + "'";
  if (verdict.full) {
    return Reply::failure(
        {BP_E_BUSY, who + ": method '" + method.name + "' has its " +
                        std::to_string(method.concurrency_max) +
                        " calls at work (concurrency_max) and " + std::to_string(method.queue_max) +
                        " waiting (queue_max); fix: call again later, or raise the limits where "
                        "the plugin provides the service"});
  }
  if (verdict.status == BP_E_BUSY) {
    return Reply::failure(
        {BP_E_BUSY, who + ": " + std::to_string(BP_METHOD_QUEUE_MAX) +
                        " calls wait for the plugin, or " + std::to_string(BP_CALLS_MAX) +
                        " are open; fix: call again later, or give its methods a limit"});
  }
  return Reply::failure(
      {verdict.status, who + ": " + std::string(error::status_row(verdict.status).sentence)});
}

Service::Outcome Service::invoke(std::uint32_t method_id, message::Message request,
                                 std::uint64_t deadline_ns, FunctionCall::Done done,
                                 std::string caller) {
  auto call = std::make_shared<FunctionCall>(method_id, std::move(request), deadline_ns,
                                             std::move(done), std::move(caller));
  if (auto reply = invoke(call, runtime::now_ns())) {
    return {std::move(reply), nullptr};
  }
  return {std::nullopt, std::move(call)};
}

error::Error Service::no_method(std::uint32_t id) const {
  return {BP_E_NOT_FOUND,
          "service '" + description_.name + "' has no method " + std::to_string(id)};
}

error::Error Service::abandoned() const {
  return {BP_E_ABANDONED, "service '" + description_.name + "' of '" + description_.owner +
                              "' ended before it answered"};
}

void Service::shut() {
  closed_.store(true, std::memory_order_seq_cst);
  // A seat is entered, then closed_ looked at, with a light fence between.
  fence_.heavy();
  for (const std::unique_ptr<Limit>& limit : limits_) {
    if (limit) {
      limit->shut(abandoned());
    }
  }
}

bool Service::close(std::uint64_t deadline_ns) {
  shut();
  const auto running = [this] {
    const std::lock_guard lock(seats_mutex_);
    return inline_running_.load(std::memory_order_seq_cst) != 0 ||
           std::ranges::any_of(seats_, [](const Seat* seat) {
             return seat->inside_.load(std::memory_order_acquire);
           });
  };
  while (running()) {
    if (runtime::now_ns() >= deadline_ns) {
      return false;
    }
    std::this_thread::yield();
  }
  return true;
}

}  // namespace host::service
