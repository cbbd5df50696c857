// plugins/transport_ws/rpc/history.cpp - keeping within bounds, and what is still covered.
#include "rpc/history.hpp"

#include <algorithm>

namespace transport_ws::rpc {

void History::add(std::uint64_t seq, const frame::Frame& frame) {
  if (!last_) {
    covered_ = seq;
  }
  last_ = seq;
  if (!on()) {
    covered_ = seq + 1;
    return;
  }
  entries_.push_back({seq, frame});
  bytes_ += frame->size();
  while (entries_.size() > settings_.messages_max ||
         (bytes_ > settings_.bytes_max && !entries_.empty())) {
    covered_ = entries_.front().seq + 1;
    bytes_ -= entries_.front().frame->size();
    entries_.pop_front();
  }
}

void History::cut() noexcept {
  entries_.clear();
  bytes_ = 0;
  // The positions that were lost are behind the last one: nothing up to it can be gone on from.
  last_.reset();
}

History::Coverage History::coverage(std::uint64_t from) const noexcept {
  if (!last_ || from > *last_ + 1) {
    return {false, std::nullopt};  // nothing has come yet, or it comes from another time
  }
  return from >= covered_ ? Coverage{true, 0} : Coverage{false, covered_ - from};
}

const History::Entry* History::at(std::uint64_t from) const noexcept {
  const auto found = std::ranges::lower_bound(entries_, from, {}, &Entry::seq);
  return found == entries_.end() ? nullptr : &*found;
}

}  // namespace transport_ws::rpc
