// backplane/testing/fake_host_calls.hpp - calls to and from the plugin in a fake host.
//
// Since: 1.0. Thread: the one that drives the fake host.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backplane/testing/fake_host.hpp"

namespace bp::testing {

inline bp_call fake_host::call(std::string_view service, std::uint32_t method,
                               std::string_view request, std::string_view caller) {
  const auto found = provided_.find(service);
  const bp_call handle = next_handle();
  made_call& made = made_calls_[handle];
  made.caller = caller;
  if (found == provided_.end()) {
    made.end = answer{BP_E_NOT_FOUND, {}, "no such service"};
    return handle;
  }
  made.token = found->second.token;
  made.service = service;
  made.method = method;
  queued one;
  one.event.type = BP_EV_CALL;
  one.event.token = made.token;
  one.event.handle = handle;
  one.event.method = method;
  one.event.seq = now_ns_ + 1'000'000'000;
  one.content = request;
  const auto& methods = found->second.methods;
  const auto row = std::ranges::find(methods, method, &bp_method::id);
  if (row == methods.end() || take_place(*row, one)) {
    push(std::move(one));
    pump();
  }
  return handle;
}

/// False: the call waits for its turn, or was answered.
inline bool fake_host::take_place(const bp_method& method, queued& one) {
  const std::lock_guard hold(busy_);
  if (method.concurrency_max == 0) {
    return true;
  }
  made_call& made = made_calls_[one.event.handle];
  method_load& load = loads_[{made.service, made.method}];
  if (load.working < method.concurrency_max) {
    ++load.working;
    made.working = true;
    return true;
  }
  const std::uint32_t queue_max = method.queue_max == 0 ? BP_METHOD_QUEUE_MAX : method.queue_max;
  if (queue_max == BP_METHOD_QUEUE_NONE || load.waiting.size() >= queue_max) {
    made.end = answer{BP_E_BUSY, {}, "concurrency_max and queue_max are reached"};
  } else {
    load.waiting.push_back(std::move(one));
  }
  return false;
}

inline void fake_host::free_place(made_call& call) {
  if (!std::exchange(call.working, false)) {
    return;
  }
  method_load& load = loads_[{call.service, call.method}];
  --load.working;
  if (!load.waiting.empty()) {
    queued next = std::move(load.waiting.front());
    load.waiting.pop_front();
    ++load.working;
    made_calls_[next.event.handle].working = true;
    push(std::move(next));
  }
}

inline std::optional<answer> fake_host::answer_to(bp_call call) const {
  const std::lock_guard hold(busy_);
  const auto found = made_calls_.find(call);
  return found == made_calls_.end() ? std::nullopt : found->second.end;
}

inline void fake_host::cancel(bp_call call) {
  made_call& made = made_calls_[call];
  {
    const std::lock_guard hold(busy_);
    const auto load = loads_.find({made.service, made.method});
    if (load != loads_.end() && std::erase_if(load->second.waiting, [call](const queued& each) {
                                  return each.event.handle == call;
                                }) != 0) {
      return;  // the plugin has never seen it
    }
  }
  queued one;
  one.event.type = BP_EV_CALL_CANCELLED;
  one.event.token = made.token;
  one.event.method = made.method;
  one.event.handle = call;
  push(std::move(one));
  free_place(made);
  pump();
}

inline answer fake_host::call_inline(std::string_view service, std::uint32_t method,
                                     std::string_view request) {
  const auto found = provided_.find(service);
  if (found == provided_.end()) {
    return {BP_E_NOT_FOUND, {}, "no such service"};
  }
  for (const bp_method& each : found->second.methods) {
    if (each.id != method || (each.flags & BP_METHOD_INLINE) == 0) {
      continue;
    }
    std::string copy(request);
    const bp_buf raw{copy.data(), copy.size(), copy.size(), 0};
    alignas(16) std::array<std::byte, BP_INLINE_REPLY_BYTES> room{};
    bp_buf reply{room.data(), 0, room.size(), 0};
    bp_error why{};
    why.struct_size = sizeof(why);
    const bp_status status = each.inline_fn(each.inline_self != nullptr ? each.inline_self : self_,
                                            method, &raw, &reply, &why);
    const std::lock_guard hold(busy_);
    answer end{status, {}, {}};
    if (reply.lease != 0) {
      end.bytes = leases_.content(reply).value_or("a lease that is not one");
    } else if (status >= 0 && reply.size > 0) {
      end.bytes = reply.data == room.data() && reply.size <= room.size()
                      ? std::string(reinterpret_cast<const char*>(room.data()), reply.size)
                      : "memory that is not the reply's";
    }
    end.error = status < 0 ? error::from_abi(status, &why).text() : std::string();
    leases_.end(reply.lease);
    return end;
  }
  return {BP_E_NOT_FOUND, {}, "no such inline method"};
}

inline void fake_host::offer(std::string name, responder respond) {
  const std::lock_guard hold(busy_);
  offered_[std::move(name)] = std::move(respond);
}

inline std::vector<open_call> fake_host::open_calls() const {
  const std::lock_guard hold(busy_);
  return open_calls_;
}

inline void fake_host::reply(bp_call call, std::string_view content) {
  const std::lock_guard hold(busy_);
  for (const open_call& each : open_calls_) {
    if (each.handle == call) {
      queued one;
      one.event.type = BP_EV_REPLY;
      one.event.token = each.token;
      one.event.handle = call;
      one.content = content;
      push(std::move(one));
    }
  }
  std::erase_if(open_calls_, [call](const open_call& each) { return each.handle == call; });
}

inline void fake_host::reply_error(bp_call call, const error& why) {
  const std::lock_guard hold(busy_);
  for (const open_call& each : open_calls_) {
    if (each.handle == call) {
      queued one;
      one.event.type = BP_EV_REPLY;
      one.event.token = each.token;
      one.event.handle = call;
      one.event.status = why.code();
      one.why = std::make_unique<bp_error>();
      one.why->struct_size = sizeof(bp_error);
      why.to_abi(one.why.get());
      push(std::move(one));
    }
  }
  std::erase_if(open_calls_, [call](const open_call& each) { return each.handle == call; });
}

}  // namespace bp::testing
