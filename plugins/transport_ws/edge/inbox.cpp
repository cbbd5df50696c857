// plugins/transport_ws/edge/inbox.cpp - the queue and its doorbell.
#include "edge/inbox.hpp"

#include <utility>

#include <boost/asio/post.hpp>

namespace transport_ws::edge {

void Inbox::push(Work work) {
  const std::scoped_lock lock(mutex_);
  if (context_ == nullptr) {
    return;
  }
  if (waiting_.empty()) {
    boost::asio::post(*context_, [self = shared_from_this()] { self->run(); });
  }
  waiting_.push_back(std::move(work));
}

void Inbox::close() noexcept {
  std::vector<Work> unrun;  // destroyed without the lock: destructors may push
  const std::scoped_lock lock(mutex_);
  context_ = nullptr;
  unrun.swap(waiting_);
}

void Inbox::run() {
  std::vector<Work> batch;
  {
    const std::scoped_lock lock(mutex_);
    batch.swap(waiting_);
  }
  for (Work& work : batch) {
    work();
    work = nullptr;  // what it held is given back at once
  }
}

}  // namespace transport_ws::edge
