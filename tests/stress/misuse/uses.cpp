// tests/stress/misuse/uses.cpp - the right things a hand does between the wrong ones.
#include <algorithm>
#include <cstring>
#include <utility>

#include "tests/stress/misuse/hand.hpp"

namespace stress {

namespace {

constexpr std::size_t held_max = 24;
constexpr std::uint64_t small_bytes_max = 200;
constexpr std::uint64_t large_bytes_max = 70'000;
constexpr std::uint64_t nack_delay_ns_max = 2'000'000;
constexpr std::uint64_t call_timeout_ns = 50'000'000;

// What a right use may be told, too.
bool is_load(bp_status status) {
  switch (status) {
    case BP_E_WOULD_BLOCK:
    case BP_E_FULL:
    case BP_E_DROPPED:
    case BP_E_BUSY:
    case BP_E_NO_MEMORY:
    case BP_E_UNAVAILABLE:
    case BP_E_ABANDONED:
    case BP_E_TIMEOUT:
      return true;
    default:
      return status >= 0;
  }
}

}  // namespace

void Hand::right(const char* what, bp_status status) {
  field_.uses.fetch_add(1, std::memory_order_relaxed);
  if (!is_load(status) && !stopping_.load(std::memory_order_acquire)) {
    field_.found(std::string("a right use was refused: ") + what, status);
  }
}

void Hand::give_lease(const bp_buf& lease) {
  const std::lock_guard lock(mutex_);
  given_leases_.push_back(lease);
}

void Hand::give_call(bp_call call) {
  const std::lock_guard lock(mutex_);
  given_calls_.push_back(call);
}

void Hand::give_sender(bp_chan sender) {
  const std::lock_guard lock(mutex_);
  given_senders_.push_back(sender);
}

void Hand::take_what_was_given() {
  const std::lock_guard lock(mutex_);
  leases_.insert(leases_.end(), given_leases_.begin(), given_leases_.end());
  calls_to_answer_.insert(calls_to_answer_.end(), given_calls_.begin(), given_calls_.end());
  senders_.insert(senders_.end(), given_senders_.begin(), given_senders_.end());
  for (const bp_call call : given_calls_) {
    made(call);
  }
  for (const bp_chan sender : given_senders_) {
    made(sender);
  }
  given_leases_.clear();
  given_calls_.clear();
  given_senders_.clear();
}

void Hand::step() {
  take_what_was_given();
  use();
  misuse();
  use();
  misuse();
  misuse();
}

void Hand::use() {
  switch (chance_.below(9)) {
    case 0:
    case 1:
      return use_channel();
    case 2:
      return use_lease();
    case 3:
      return use_call();
    case 4:
      return answer_call();
    case 5:
      return use_timer();
    case 6:
      return use_span();
    case 7:
      return use_confirmed();
    default:
      return use_publish();
  }
}

void Hand::use_channel() {
  const bp_chan sender = any_sender();
  if (sender == 0) {
    return;
  }
  bp_buf room{};
  const std::uint64_t size =
      chance_.below(chance_.one_in(16) ? large_bytes_max : small_bytes_max) + 1;
  const bp_status reserved = life_.chan->reserve(life_.host, sender, size, &room);
  right("reserve", reserved);
  if (reserved != BP_OK) {
    return;
  }
  made(room.lease);
  std::memset(room.data, 0x5a, room.size);
  if (rooms_.size() < held_max && chance_.one_in(8)) {
    rooms_.push_back(room);  // for later, or for another channel
    return;
  }
  const bp_handle lease = room.lease;
  const bp_status sent = life_.chan->send(life_.host, sender, &room);
  right("send", sent);
  if (room.lease == 0) {
    ended(lease);
  } else {
    right("release", life_.chan->release(life_.host, &room));
    ended(lease);
  }
}

void Hand::use_lease() {
  if (leases_.size() < held_max) {
    bp_buf lease{};
    const bp_status status =
        life_.core->alloc(life_.host, life_.instance, chance_.below(large_bytes_max), &lease);
    right("alloc", status);
    if (status == BP_OK) {
      std::memset(lease.data, 0xa5, lease.size);
      made(lease.lease);
      leases_.push_back(lease);
    }
  }
  const bool reserved = chance_.one_in(2);
  auto lease = take_one(reserved ? rooms_ : leases_);
  if (!lease) {
    return;
  }
  const bp_handle handle = lease->lease;
  switch (chance_.below(reserved ? 2 : 4)) {
    case 0:
      if (const bp_chan sender = any_sender()) {
        right("forward", life_.chan->send(life_.host, sender, &*lease));
      }
      break;
    case 1:
      break;
    case 2:
      if (const bp_status status = life_.chan->ack(life_.host, &*lease); status != BP_E_INVALID) {
        right("ack", status);  // INVALID: it is no message
      }
      break;
    default:
      if (const bp_status status = life_.chan->nack(
              life_.host, &*lease, chance_.below(nack_delay_ns_max), BP_E_UNAVAILABLE, any_error());
          status != BP_E_INVALID) {
        right("nack", status);
      }
      break;
  }
  if (lease->lease != 0) {
    right("release", life_.chan->release(life_.host, &*lease));
  }
  ended(handle);
}

void Hand::use_call() {
  if (required == 0) {
    return;
  }
  std::uint64_t words[8] = {chance_()};
  bp_buf request{words, sizeof words, sizeof words, 0};
  if (chance_.one_in(4) && !leases_.empty()) {
    request = *take_one(leases_);
  }
  const bp_handle leased = request.lease;
  bp_buf reply{};
  bp_call call = 0;
  const auto method = static_cast<std::uint32_t>(1 + chance_.below(3));
  const bp_status status = life_.svc->call(
      life_.host, required, method, &request, life_.core->now_ns(life_.host) + call_timeout_ns,
      nullptr, 7, chance_.one_in(4) ? nullptr : &reply, &call, any_error());
  if (method != 3) {
    right("call", status);  // the third answers with what is not its own
  } else if (status >= BP_OK) {
    field_.uses.fetch_add(1, std::memory_order_relaxed);
  }
  if (leased != 0) {
    if (request.lease != 0) {
      right("release of a request", life_.chan->release(life_.host, &request));
    }
    ended(leased);
  }
  if (status == BP_DONE && reply.lease != 0) {
    const bp_handle lease = reply.lease;
    made(lease);
    right("release of a reply", life_.chan->release(life_.host, &reply));
    ended(lease);
  } else if (status == BP_OK) {
    made(call);
    calls_made_.push_back(call);
  }
  if (calls_made_.size() > held_max || (chance_.one_in(3) && !calls_made_.empty())) {
    const bp_call given_up = *take_one(calls_made_);
    if (const bp_status cancelled = life_.svc->cancel(life_.host, given_up);
        cancelled != BP_E_STALE) {  // STALE: it was answered
      right("cancel", cancelled);
    }
    ended(given_up);
  }
}

void Hand::answer_call() {
  const auto call = take_one(calls_to_answer_);
  if (!call) {
    return;
  }
  bp_buf reply{};
  if (!leases_.empty() && chance_.one_in(2)) {
    reply = *take_one(leases_);
  }
  const bp_handle lease = reply.lease;
  const bp_status status =
      chance_.one_in(4)
          ? life_.svc->reply(life_.host, *call, BP_E_UNAVAILABLE, nullptr, any_error())
          : life_.svc->reply(life_.host, *call, BP_OK, &reply, nullptr);
  if (status != BP_E_STALE) {  // STALE: the caller has gone
    right("reply", status);
  }
  if (reply.lease != 0) {
    right("release of an answer", life_.chan->release(life_.host, &reply));
  }
  ended(lease);
  ended(*call);
}

void Hand::use_timer() {
  bp_timer timer = 0;
  const std::uint64_t now = life_.core->now_ns(life_.host);
  const bp_status status =
      life_.core->timer(life_.host, life_.instance, now + chance_.below(5'000'000),
                        chance_.one_in(8) ? 3'000'000 : 0, 9, &timer);
  right("timer", status);
  if (status == BP_OK) {
    made(timer);
    timers_.push_back(timer);
  }
  while (timers_.size() > held_max / 2) {
    const bp_timer old = *take_one(timers_);
    if (const bp_status cancelled = life_.core->cancel_timer(life_.host, old);
        cancelled != BP_E_STALE) {  // STALE: it went off
      right("cancel_timer", cancelled);
    }
    ended(old);
  }
}

void Hand::use_span() {
  bp_span span = 0;
  const bp_str name = text("attack");
  const bp_status status =
      life_.trace->begin(life_.host, life_.instance, &name, nullptr, nullptr, 0, &span, nullptr);
  right("begin", status);
  if (status == BP_OK) {
    made(span);
    right("end", life_.trace->end(life_.host, span, BP_OK));
    ended(span);
  }
}

void Hand::use_confirmed() {
  const bp_chan sender = any_sender();
  auto lease = take_one(leases_);
  if (!lease) {
    return;
  }
  const bp_handle handle = lease->lease;
  if (sender != 0) {
    bp_call call = 0;
    const bp_status status = life_.chan->send_confirmed(life_.host, sender, &*lease, 11, &call);
    right("send_confirmed", status);
    if (status == BP_OK) {
      made(call);
      calls_made_.push_back(call);
    }
  }
  if (lease->lease != 0) {
    right("release", life_.chan->release(life_.host, &*lease));
  }
  ended(handle);
}

void Hand::use_publish() {
  const bp_chan sender = any_sender();
  if (sender == 0) {
    return;
  }
  std::uint64_t words[4] = {chance_(), 1, 2, 3};
  const std::array<bp_buf, 3> spans{
      {{words, sizeof words, sizeof words, 0}, {words, 8, 8, 0}, {nullptr, 0, 0, 0}}};
  std::uint32_t taken = 0;
  right("publish", life_.chan->publish(life_.host, sender, spans.data(), spans.size(),
                                       chance_.one_in(2) ? &taken : nullptr));
}

void Hand::let_go() {
  take_what_was_given();
  for (std::vector<bp_buf>* all : {&rooms_, &leases_}) {
    for (bp_buf& lease : *all) {
      right("release at the end", life_.chan->release(life_.host, &lease));
    }
    all->clear();
  }
  for (const bp_call call : std::exchange(calls_made_, {})) {
    life_.svc->cancel(life_.host, call);
  }
  for (const bp_call call : std::exchange(calls_to_answer_, {})) {
    life_.svc->reply(life_.host, call, BP_E_CANCELLED, nullptr, nullptr);
  }
  for (const bp_timer timer : std::exchange(timers_, {})) {
    life_.core->cancel_timer(life_.host, timer);
  }
  for (const bp_chan sender : std::exchange(senders_, {})) {
    right("close at the end", life_.chan->close(life_.host, sender));
  }
}

}  // namespace stress
