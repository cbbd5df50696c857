// plugins/crypto_sodium/gate.cpp - hands places over in the order of arrival.
#include "gate.hpp"

#include <string>

namespace crypto_sodium {

Gate::Turn::~Turn() {
  gate_.waiting_.remove(this);
  if (standing_ == Standing::Inside) {
    gate_.leave();  // let in, but its task died before it could go on
  }
}

bool Gate::Turn::await_ready() noexcept {
  if (gate_.closed_) {
    standing_ = Standing::Closed;
  } else if (gate_.inside_ < gate_.inside_max_) {
    ++gate_.inside_;
    standing_ = Standing::Inside;
  } else if (gate_.waiting_.size() >= gate_.waiting_max_) {
    standing_ = Standing::Refused;
  }
  return standing_ != Standing::Outside;
}

bp::result<Gate::Pass> Gate::Turn::await_resume() {
  check();
  if (standing_ == Standing::Refused) {
    return bp::fail(BP_E_BUSY, std::to_string(gate_.inside_max_) + " are being served and " +
                                   std::to_string(gate_.waiting_max_) +
                                   " wait already; try again later");
  }
  if (standing_ == Standing::Closed) {
    return bp::fail(BP_E_UNAVAILABLE, "the instance is stopping; try again when it runs again");
  }
  standing_ = Standing::Outside;  // the place is the pass's from here on
  return Pass(gate_);
}

bool Gate::Turn::give_up() noexcept {
  gate_.waiting_.remove(this);
  return true;
}

void Gate::Turn::decide(Standing standing) noexcept {
  standing_ = standing;
  finish();
}

void Gate::close() noexcept {
  closed_ = true;
  while (!waiting_.empty()) {
    Turn* next = waiting_.front();
    waiting_.pop_front();
    next->decide(Turn::Standing::Closed);
  }
}

void Gate::leave() noexcept {
  if (waiting_.empty()) {
    --inside_;
    return;
  }
  // The place goes straight to the next one, so nobody can overtake.
  Turn* next = waiting_.front();
  waiting_.pop_front();
  next->decide(Turn::Standing::Inside);
}

}  // namespace crypto_sodium
