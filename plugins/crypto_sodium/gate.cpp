// plugins/crypto_sodium/gate.cpp - hands places over in the order of arrival.
#include "gate.hpp"

#include <string>

namespace crypto_sodium {

Gate::Turn::~Turn() {
  gate_.waiting_.remove(this);
  if (inside_) {
    gate_.leave();  // let in, but its task died before it could go on
  }
}

bool Gate::Turn::await_ready() noexcept {
  if (gate_.inside_ < gate_.inside_max_) {
    ++gate_.inside_;
    inside_ = true;
  } else {
    refused_ = gate_.waiting_.size() >= gate_.waiting_max_;
  }
  return inside_ || refused_;
}

bp::result<Gate::Pass> Gate::Turn::await_resume() {
  if (refused_) {
    return bp::fail(BP_E_BUSY, std::to_string(gate_.inside_max_) + " are being served and " +
                                   std::to_string(gate_.waiting_max_) +
                                   " wait already; try again later");
  }
  check();
  inside_ = false;  // the place is the pass's from here on
  return Pass(gate_);
}

bool Gate::Turn::give_up() noexcept {
  gate_.waiting_.remove(this);
  return true;
}

void Gate::Turn::let_in() noexcept {
  inside_ = true;
  finish();
}

void Gate::leave() noexcept {
  if (waiting_.empty()) {
    --inside_;
    return;
  }
  // The place goes straight to the next one, so nobody can overtake.
  Turn* next = waiting_.front();
  waiting_.pop_front();
  next->let_in();
}

}  // namespace crypto_sodium
