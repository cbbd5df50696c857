// backplane/testing/fake_core_tables.hpp - bp.core/1, bp.chan/1, bp.svc/1 of the fake host.
//
// Since: 1.0. Thread: any; each function takes the fake host's lock.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "backplane/testing/fake_host.hpp"

namespace bp::testing {

struct fake_core_tables {
  using lock = std::lock_guard<std::recursive_mutex>;

  static fake_host& of(const bp_host* host) {
    return *reinterpret_cast<const fake_host::host_block*>(host)->self;
  }

  static std::string text(const bp_str* from) {
    return from == nullptr || from->len == 0 ? std::string() : std::string(from->ptr, from->len);
  }

  static std::optional<trace_context> trace_at(const std::uint8_t* from) {
    std::optional<trace_context> trace;
    if (from != nullptr) {
      std::memcpy(trace.emplace().data(), from, BP_TRACE_CONTEXT_BYTES);
    }
    return trace;
  }

  static bp_status refuse(bp_error* out, bp_status status, std::string message) {
    error(status, std::move(message)).to_abi(out);
    return status;
  }

  // --- bp.core/1

  static std::uint64_t BP_CALL now_ns(const bp_host* host) {
    const lock hold(of(host).busy_);
    return of(host).now_ns_;
  }

  static bp_status BP_CALL complete(const bp_host* host, bp_op op, bp_status status,
                                    const bp_error* why) {
    fake_host& self = of(host);
    const lock hold(self.busy_);
    const auto found = self.operations_.find(op);
    if (found == self.operations_.end() || found->second) {
      return BP_E_STALE;
    }
    found->second.emplace(status < 0 ? result<void>(std::unexpected(error::from_abi(status, why)))
                                     : result<void>());
    return BP_OK;
  }

  static bp_status BP_CALL fault(const bp_host* host, bp_inst /*instance*/, const bp_error* why) {
    const lock hold(of(host).busy_);
    of(host).faults_.push_back(error::from_abi(why->code, why).text());
    return BP_OK;
  }

  static bp_status BP_CALL post(const bp_host* host, bp_inst /*instance*/, std::uint64_t token) {
    fake_host::queued one;
    one.event.type = BP_EV_POSTED;
    one.event.token = token;
    of(host).push(std::move(one));
    return BP_OK;
  }

  static bp_status BP_CALL config(const bp_host* host, bp_inst /*instance*/, bp_str* json) {
    *json = {of(host).config_.data(), of(host).config_.size()};
    return BP_OK;
  }

  static bp_status BP_CALL property(const bp_host* host, bp_inst /*instance*/, const bp_str* name,
                                    bp_str* value) {
    const lock hold(of(host).busy_);
    const auto found = of(host).properties_.find(text(name));
    if (found == of(host).properties_.end()) {
      return BP_E_NOT_FOUND;
    }
    *value = {found->second.data(), found->second.size()};
    return BP_OK;
  }

  static std::uint32_t BP_CALL log_level(const bp_host* host) { return of(host).log_level_; }

  static void BP_CALL log(const bp_host* host, bp_inst /*instance*/, std::uint32_t level,
                          const bp_str* message, const bp_str* pairs, std::uint32_t n_pairs,
                          const std::uint8_t* /*trace*/) {
    log_line line{level, text(message), {}};
    for (std::uint32_t i = 0; i < n_pairs; ++i) {
      line.pairs[text(&pairs[2 * i])] = text(&pairs[2 * i + 1]);
    }
    const lock hold(of(host).busy_);
    of(host).log_.push_back(std::move(line));
  }

  static bp_status BP_CALL run_blocking(const bp_host* host, bp_inst /*instance*/,
                                        void(BP_CALL* fn)(void*), void* argument,
                                        std::uint64_t token) {
    const lock hold(of(host).busy_);
    of(host).jobs_.push_back({fn, argument, token});
    return BP_OK;
  }

  static bp_status BP_CALL timer(const bp_host* host, bp_inst /*instance*/, std::uint64_t at_ns,
                                 std::uint64_t every_ns, std::uint64_t token, bp_timer* out) {
    fake_host& self = of(host);
    const lock hold(self.busy_);
    *out = self.next_handle();
    self.timers_[*out] = {at_ns, every_ns, token};
    return BP_OK;
  }

  static bp_status BP_CALL cancel_timer(const bp_host* host, bp_timer timer) {
    const lock hold(of(host).busy_);
    return of(host).timers_.erase(timer) != 0 ? BP_OK : BP_E_STALE;
  }

  static bp_status BP_CALL alloc(const bp_host* host, bp_inst /*instance*/, std::uint64_t size,
                                 bp_buf* out) {
    if (size > BP_MESSAGE_BYTES_MAX) {
      return BP_E_TOO_LARGE;
    }
    const lock hold(of(host).busy_);
    *out = of(host).leases_.lend(size);
    return BP_OK;
  }

  // --- bp.chan/1

  static bp_status BP_CALL open(const bp_host* host, bp_inst /*instance*/, const bp_chan_desc* desc,
                                std::uint64_t token, bp_chan* out, bp_error* why) {
    fake_host& self = of(host);
    const lock hold(self.busy_);
    const std::string name = text(&desc->name);
    for (const channel_end& other : self.ends_) {
      if (other.name == name && other.kind != desc->kind) {
        return refuse(why, BP_E_CONFLICT, "channel '" + name + "' was opened with another kind");
      }
    }
    *out = self.next_handle();
    self.ends_.push_back({*out, name, desc->direction, desc->kind, text(&desc->type), desc->flags,
                          desc->concurrency, token});
    if (desc->struct_size >= sizeof(bp_chan_desc)) {
      self.ends_.back().group = text(&desc->group);
    }
    return BP_OK;
  }

  static bp_status BP_CALL reserve(const bp_host* host, bp_chan channel, std::uint64_t size,
                                   bp_buf* out) {
    fake_host& self = of(host);
    const lock hold(self.busy_);
    const channel_end* end = self.find_end(channel);
    if (end == nullptr || end->closed) {
      return end == nullptr ? BP_E_STALE : BP_E_CLOSED;
    }
    const auto credit = self.credit_.find(end->name);
    if (credit != self.credit_.end() && credit->second == 0) {
      self.refused_.push_back(channel);
      return BP_E_WOULD_BLOCK;
    }
    *out = self.leases_.lend(size);
    return BP_OK;
  }

  static bp_status BP_CALL send(const bp_host* host, bp_chan channel, bp_buf* lease) {
    return of(host).publish(channel, lease, nullptr);
  }

  static bp_status BP_CALL publish_copies(const bp_host* host, bp_chan channel,
                                          const bp_buf* messages, std::uint32_t count,
                                          std::uint32_t* out_taken) {
    bp_status status = BP_OK;
    std::uint32_t taken = 0;
    for (; taken < count && status == BP_OK; ++taken) {
      const bp_buf& message = messages[taken];
      bp_buf lease{};
      status = message.lease != 0 ? BP_E_INVALID : reserve(host, channel, message.size, &lease);
      if (status < 0) {
        break;
      }
      if (message.size > 0) {
        std::memcpy(lease.data, message.data, message.size);
      }
      lease.size = message.size;
      status = send(host, channel, &lease);
      if (status < 0) {
        release(host, &lease);
        break;
      }
    }
    if (out_taken != nullptr) {
      *out_taken = taken;
    }
    return status;
  }

  static bp_status BP_CALL send_confirmed(const bp_host* host, bp_chan channel, bp_buf* lease,
                                          std::uint64_t token, bp_call* out) {
    const bp_status status = of(host).publish(channel, lease, &token);
    *out = status < 0 ? 0 : of(host).next_handle();
    return status;
  }

  static bp_status BP_CALL retain(const bp_host* host, bp_buf* lease) {
    fake_host& self = of(host);
    const lock hold(self.busy_);
    const auto content = self.leases_.content(*lease);
    if (lease->lease == 0 || !content) {
      return BP_E_STALE;
    }
    const std::uint64_t message = self.leases_.message_of(lease->lease);
    const bp_lease lent = lease->lease;
    *lease = self.leases_.lend_copy(*content, message);
    if (message != 0) {
      self.leases_.end(lent);
    }
    return BP_OK;
  }

  /// Ends a lease and says what that means for the message in it.
  static bp_status finish(const bp_host* host, bp_buf* lease, bool must_be_message, fate end,
                          std::string why) {
    fake_host& self = of(host);
    const lock hold(self.busy_);
    if (!self.leases_.holds(lease->lease)) {
      return BP_E_STALE;
    }
    const std::uint64_t message = self.leases_.message_of(lease->lease);
    if (must_be_message && message == 0) {
      return BP_E_INVALID;
    }
    if (message != 0) {
      self.messages_[message] = {end, std::move(why)};
    }
    self.leases_.end(lease->lease);
    *lease = {};
    return BP_OK;
  }

  static bp_status BP_CALL release(const bp_host* host, bp_buf* lease) {
    return finish(host, lease, false, fate::acked, {});
  }

  static bp_status BP_CALL ack(const bp_host* host, bp_buf* lease) {
    return finish(host, lease, true, fate::acked, {});
  }

  static bp_status BP_CALL nack(const bp_host* host, bp_buf* lease, std::uint64_t /*delay_ns*/,
                                bp_status status, const bp_error* why) {
    return finish(host, lease, true, fate::nacked, error::from_abi(status, why).text());
  }

  static bp_status BP_CALL close(const bp_host* host, bp_chan channel) {
    fake_host& self = of(host);
    const lock hold(self.busy_);
    channel_end* end = self.find_end(channel);
    if (end == nullptr || end->closed) {
      return BP_E_STALE;
    }
    end->closed = true;
    return BP_OK;
  }

  static bp_status set_paused(const bp_host* host, bp_chan channel, bool paused) {
    const lock hold(of(host).busy_);
    channel_end* end = of(host).find_end(channel);
    if (end == nullptr) {
      return BP_E_STALE;
    }
    end->paused = paused;
    return BP_OK;
  }

  static bp_status BP_CALL pause(const bp_host* host, bp_chan channel) {
    return set_paused(host, channel, true);
  }

  static bp_status BP_CALL resume(const bp_host* host, bp_chan channel) {
    return set_paused(host, channel, false);
  }

  static bp_status BP_CALL wait_writable(const bp_host* host, bp_chan channel,
                                         std::uint64_t /*deadline_ns*/) {
    const lock hold(of(host).busy_);
    const channel_end* end = of(host).find_end(channel);
    if (end == nullptr) {
      return BP_E_STALE;
    }
    const auto credit = of(host).credit_.find(end->name);
    return credit != of(host).credit_.end() && credit->second == 0 ? BP_E_TIMEOUT : BP_OK;
  }

  static bp_status BP_CALL activity(const bp_host* host, bp_chan channel,
                                    const std::uint32_t** out) {
    const lock hold(of(host).busy_);
    const channel_end* end = of(host).find_end(channel);
    if (end == nullptr) {
      return BP_E_STALE;
    }
    auto& word = of(host).listeners_[end->name];
    if (word == nullptr) {
      word = std::make_unique<std::uint32_t>(1);
    }
    *out = word.get();
    return BP_OK;
  }

  // --- bp.svc/1

  static bp_status BP_CALL provide(const bp_host* host, bp_inst /*instance*/, const bp_str* name,
                                   std::uint32_t /*major*/, std::uint32_t /*minor*/,
                                   const bp_method* methods, std::uint32_t stride,
                                   std::uint32_t n_methods, std::uint64_t token, bp_svc* out,
                                   bp_error* why) {
    fake_host& self = of(host);
    const lock hold(self.busy_);
    if (self.provided_.contains(text(name))) {
      return refuse(why, BP_E_EXISTS, "service '" + text(name) + "' is provided already");
    }
    fake_host::provided one{{}, token};
    const auto* at = reinterpret_cast<const std::byte*>(methods);
    for (std::uint32_t i = 0; i < n_methods; ++i, at += stride) {
      bp_method& method = one.methods.emplace_back();
      std::memcpy(&method, at, std::min<std::size_t>(stride, sizeof method));
      if ((method.flags & BP_METHOD_INLINE) != 0 && method.concurrency_max != 0) {
        return refuse(why, BP_E_INVALID,
                      "method '" + text(&method.name) + "' is inline and has a concurrency_max");
      }
    }
    self.provided_.emplace(text(name), std::move(one));
    *out = self.next_handle();
    return BP_OK;
  }

  static bp_status BP_CALL require(const bp_host* host, bp_inst /*instance*/, const bp_str* name,
                                   std::uint32_t /*major*/, std::uint32_t /*min_minor*/,
                                   std::uint32_t flags, bp_svc* out, bp_error* why) {
    fake_host& self = of(host);
    const lock hold(self.busy_);
    if (!self.offered_.contains(text(name)) && (flags & BP_REQUIRE_OPTIONAL) == 0) {
      return refuse(why, BP_E_NOT_FOUND, "nobody provides service '" + text(name) + "'");
    }
    *out = self.next_handle();
    self.required_[*out] = text(name);
    return BP_OK;
  }

  /// Asks the test's responder, or leaves the call open.
  static std::optional<result<std::string>> ask(fake_host& self, open_call made) {
    const auto found = self.offered_.find(made.service);
    std::optional<result<std::string>> at_once;
    if (found != self.offered_.end() && found->second) {
      at_once = found->second(made);
    }
    if (!at_once) {
      self.open_calls_.push_back(std::move(made));
    }
    return at_once;
  }

  static bp_status BP_CALL call(const bp_host* host, bp_svc service, std::uint32_t method,
                                bp_buf* request, std::uint64_t deadline_ns,
                                const std::uint8_t* trace, std::uint64_t token, bp_buf* reply,
                                bp_call* out, bp_error* why) {
    fake_host& self = of(host);
    const lock hold(self.busy_);
    const auto name = self.required_.find(service);
    const auto content = self.leases_.content(*request);
    if (name == self.required_.end() || !content) {
      return refuse(why, BP_E_STALE, "the service or the request's lease is not known");
    }
    if (!self.offered_.contains(name->second)) {
      return refuse(why, BP_E_UNAVAILABLE, "nobody provides service '" + name->second + "' now");
    }
    *out = self.next_handle();
    const auto at_once =
        ask(self, {*out, name->second, method, {}, *content, deadline_ns, token, trace_at(trace)});
    if (at_once && !*at_once) {
      at_once->error().to_abi(why);
      return at_once->error().code();
    }
    if (request->lease != 0) {
      self.leases_.end(request->lease);
    }
    if (!at_once) {
      return BP_OK;
    }
    *reply = self.leases_.lend_copy(**at_once);
    return BP_DONE;
  }

  static bp_status BP_CALL reply(const bp_host* host, bp_call call, bp_status status, bp_buf* reply,
                                 const bp_error* why) {
    fake_host& self = of(host);
    const lock hold(self.busy_);
    const auto found = self.made_calls_.find(call);
    if (found == self.made_calls_.end() || found->second.end) {
      return BP_E_STALE;
    }
    answer end{status, {}, {}};
    if (status < 0) {
      end.error = error::from_abi(status, why).text();
    } else if (reply != nullptr) {
      end.bytes = self.leases_.content(*reply).value_or("a lease that is not one");
      self.leases_.end(reply->lease);
      reply->lease = 0;
    }
    found->second.end = std::move(end);
    self.free_place(found->second);
    return BP_OK;
  }

  static bp_status BP_CALL cancel(const bp_host* host, bp_call call) {
    fake_host& self = of(host);
    const lock hold(self.busy_);
    ++self.cancelled_calls_;
    return std::erase_if(self.open_calls_,
                         [call](const open_call& each) { return each.handle == call; }) != 0
               ? BP_OK
               : BP_E_STALE;
  }

  static bp_status BP_CALL caller(const bp_host* host, bp_call call, char* out, std::uint64_t room,
                                  std::uint64_t* out_bytes) {
    fake_host& self = of(host);
    const lock hold(self.busy_);
    const auto found = self.made_calls_.find(call);
    if (found == self.made_calls_.end() || found->second.end) {
      return BP_E_STALE;
    }
    const std::string& id = found->second.caller;
    *out_bytes = id.size();
    if (id.size() > room) {
      return BP_E_RANGE;
    }
    std::ranges::copy(id, out);
    return BP_OK;
  }

  static bp_status BP_CALL close_service(const bp_host* /*host*/, bp_svc /*service*/) {
    return BP_OK;
  }
};

}  // namespace bp::testing
