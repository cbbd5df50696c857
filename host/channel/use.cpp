// host/channel/use.cpp - whether anybody uses a channel, and how many listen.
#include <algorithm>
#include <atomic>

#include "host/channel/channel.hpp"
#include "host/channel/sender.hpp"

namespace host::channel {

// A broadcast's messages are nobody's once its subscribers are gone: who comes later begins later.
bool Channel::in_use() const {
  const auto keeps_something = [this](const std::shared_ptr<Group>& group) {
    return !group->again.empty() || (is_queue() && group->reader.depth() > 0);
  };
  return settings_.lasting || ends_ > 0 || delayed_ > 0 ||
         std::ranges::any_of(groups_, keeps_something);
}

bool Channel::retire() {
  const std::lock_guard lock(mutex_);
  retired_ = retired_ || !in_use();
  return retired_;
}

bool Channel::retired() const {
  const std::lock_guard lock(mutex_);
  return retired_;
}

void Channel::end_gone() {
  {
    const std::lock_guard lock(mutex_);
    --ends_;
  }
  tell_unused();
}

void Channel::tell_unused() {
  if (!surroundings_.unused) {
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    if (retired_ || in_use()) {
      return;
    }
  }
  surroundings_.unused(shared_from_this());
}

void Channel::set_activity(std::size_t receivers) {
  const auto count = static_cast<std::uint32_t>(receivers);
  std::atomic_ref(activity_).store(count, std::memory_order_seq_cst);
  for (const Sender* sender : senders_) {
    if (sender->activity_mirror_ != nullptr) {
      std::atomic_ref(*sender->activity_mirror_).store(count, std::memory_order_seq_cst);
    }
  }
}

}  // namespace host::channel
