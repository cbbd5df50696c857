// host/service/limit.cpp - places, and the line before them.
#include "host/service/limit.hpp"

#include <iterator>

#include "host/service/service.hpp"

namespace host::service {

Limit::Verdict Limit::enter(const std::shared_ptr<Call>& call) {
  const std::lock_guard lock(mutex_);
  if (shut_) {
    return {BP_E_UNAVAILABLE};
  }
  if (working_ < concurrency_) {
    return {place(call)};
  }
  if (waiting_.size() >= queue_) {
    return {BP_E_BUSY, true};
  }
  Call::Ticket& ticket = call->ticket();
  ticket.place = Call::Place::waiting;
  ticket.in_line = waiting_.insert(waiting_.end(), call);
  if (!call->show()) {
    waiting_.erase(ticket.in_line);
    ticket.place = Call::Place::none;
    return {BP_E_CANCELLED};
  }
  return {};
}

// The lock is held over submit(): otherwise two threads could submit in another order than they
// took from the line.
bp_status Limit::place(const std::shared_ptr<Call>& call) {
  const std::shared_ptr<Provider> provider = provider_.lock();
  if (!provider) {
    return BP_E_UNAVAILABLE;
  }
  const bp_status status = provider->submit(call, token_);
  if (status >= 0) {
    call->ticket().place = Call::Place::working;
    ++working_;
  }
  return status;
}

void Limit::fill_places(Refused& refused) {
  while (working_ < concurrency_ && !waiting_.empty()) {
    const std::shared_ptr<Call> next = std::move(waiting_.front());
    waiting_.pop_front();
    next->ticket().place = Call::Place::none;
    next->ticket().has_waited = true;
    const bp_status status = place(next);
    if (status < 0 && status != BP_E_CANCELLED) {
      refused.emplace_back(next, status);
    }
  }
}

void Limit::leave(Call& call) {
  Refused refused;
  {
    const std::lock_guard lock(mutex_);
    Call::Ticket& ticket = call.ticket();
    if (ticket.place == Call::Place::waiting) {
      waiting_.erase(ticket.in_line);
    } else if (ticket.place == Call::Place::working) {
      --working_;
      fill_places(refused);
    }
    ticket.place = Call::Place::none;
  }
  for (const auto& [waited, status] : refused) {
    waited->finish(Reply::failure(
        {status,
         "the call waited for its turn, but its provider " +
             std::string(status == BP_E_BUSY ? "has too many open calls" : "stopped meanwhile")}));
  }
}

void Limit::shut(const error::Error& why) {
  std::list<std::shared_ptr<Call>> left;
  {
    const std::lock_guard lock(mutex_);
    shut_ = true;
    left.swap(waiting_);
    for (const std::shared_ptr<Call>& call : left) {
      call->ticket().place = Call::Place::none;
    }
  }
  for (const std::shared_ptr<Call>& call : left) {
    call->finish(Reply::failure(why));
  }
}

Limit::Load Limit::load() const {
  const std::lock_guard lock(mutex_);
  return {working_, waiting_.size()};
}

}  // namespace host::service
