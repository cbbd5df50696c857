// host/service/service.cpp - finding the method, the inline guard, the way to the strand.
#include "host/service/service.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace host::service {

void Stats::record_latency(std::uint64_t ns) noexcept {
  const auto* bound = std::ranges::lower_bound(latency_bounds_ns, ns);
  latency[static_cast<std::size_t>(bound - latency_bounds_ns.begin())].fetch_add(
      1, std::memory_order_relaxed);
  latency_sum_ns.fetch_add(ns, std::memory_order_relaxed);
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
  return stats_[static_cast<std::size_t>(&method - description_.methods.data())];
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

Service::Outcome Service::invoke(std::uint32_t method_id, message::Message request,
                                 std::uint64_t deadline_ns, Call::Done done) {
  const Method* wanted = method(method_id);
  if (wanted == nullptr) {
    return {Reply::failure({BP_E_NOT_FOUND, "service '" + description_.name + "' has no method " +
                                                std::to_string(method_id)}),
            nullptr};
  }
  Stats& stats = stats_[static_cast<std::size_t>(wanted - description_.methods.data())];
  stats.calls.fetch_add(1, std::memory_order_relaxed);
  const std::shared_ptr<Provider> provider = provider_.lock();
  if (!provider || closed()) {
    stats.failures.fetch_add(1, std::memory_order_relaxed);
    return {Reply::failure({BP_E_UNAVAILABLE, "service '" + description_.name + "' of '" +
                                                  description_.owner + "' is not running"}),
            nullptr};
  }
  if (std::optional<Reply> reply = try_inline(*provider, *wanted, request)) {
    if (reply->status < 0) {
      stats.failures.fetch_add(1, std::memory_order_relaxed);
    }
    return {std::move(reply), nullptr};
  }
  auto call = std::make_shared<Call>(method_id, std::move(request), deadline_ns,
                                     [&stats, done = std::move(done), keep = shared_from_this(),
                                      began_ns = runtime::now_ns()](Reply&& reply) {
                                       stats.record_latency(runtime::now_ns() - began_ns);
                                       if (reply.status < 0) {
                                         stats.failures.fetch_add(1, std::memory_order_relaxed);
                                       }
                                       done(std::move(reply));
                                     });
  const bp_status status = provider->submit(call, token_);
  if (status < 0) {
    call->cancel();
    stats.failures.fetch_add(1, std::memory_order_relaxed);
    return {
        Reply::failure({status, "service '" + description_.name + "' of '" + description_.owner +
                                    "': " + std::string(error::status_row(status).sentence)}),
        nullptr};
  }
  return {std::nullopt, std::move(call)};
}

bool Service::close(std::uint64_t deadline_ns) {
  closed_.store(true, std::memory_order_seq_cst);
  while (inline_running_.load(std::memory_order_seq_cst) != 0) {
    if (runtime::now_ns() >= deadline_ns) {
      return false;
    }
    std::this_thread::yield();
  }
  return true;
}

}  // namespace host::service
