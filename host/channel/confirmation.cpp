// host/channel/confirmation.cpp - counts arrivals down to the one callback.
#include "host/channel/confirmation.hpp"

#include <utility>

namespace host::channel {

void Confirmation::expect() {
  const std::lock_guard lock(mutex_);
  ++outstanding_;
}

void Confirmation::arrive(std::optional<error::Error> error) {
  Done done;
  {
    const std::lock_guard lock(mutex_);
    if (outstanding_ == 0) {
      return;
    }
    if (error && !error_) {
      error_ = std::move(error);
    }
    if (--outstanding_ == 0) {
      done = std::move(done_);
    }
  }
  if (done) {
    done(error_);
  }
}

}  // namespace host::channel
