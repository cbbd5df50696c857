// host/channel/ends.cpp - ends that come and go: groups of consumers, lanes that were left.
#include <algorithm>
#include <bit>
#include <utility>

#include "host/channel/receiver.hpp"
#include "host/channel/sender.hpp"

namespace host::channel {

namespace {

// Closed lanes are looked for once in as many openings and closings as there are lanes, by this.
constexpr std::size_t sweep_share = 8;

}  // namespace

// ---- receiving ends

std::shared_ptr<Receiver> Channel::open_receiver(ReceiverOptions options) {
  auto receiver = std::make_shared<Receiver>(shared_from_this(), std::move(options));
  {
    const std::lock_guard lock(mutex_);
    if (retired_) {
      return nullptr;
    }
    ++ends_;
    // Before it takes its places: what was passed over until then is not missed.
    set_activity(receivers_.size() + 1);
    receiver->group_ = is_queue() ? join_group(receiver->options_) : begin_group();
    ++receiver->group_->members;
    receivers_.push_back(receiver.get());
    receiver_count_.store(receivers_.size(), std::memory_order_relaxed);
    if (receiver->gating()) {
      ask_again_for_credit();
    }
  }
  receiver->look_again();
  return receiver;
}

// Of a queue, in the beginning. Without any declared, one keeps messages for the first that begins.
void Channel::declare_groups() {
  std::vector<std::string> names = settings_.groups;
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  for (std::string& name : names) {
    const std::shared_ptr<Group> group = begin_group();
    group->name = std::move(name);
    group->begun = group->lasting = true;
  }
  if (names.empty()) {
    begin_group();
  }
}

// Of a queue. What was sent before any group began is for the first that begins.
std::shared_ptr<Group> Channel::join_group(const ReceiverOptions& who) {
  const auto same = std::ranges::find_if(groups_, [&](const std::shared_ptr<Group>& group) {
    return group->begun && group->name == who.group;
  });
  std::shared_ptr<Group> group;
  if (same != groups_.end()) {
    group = *same;
  } else {
    group = groups_.front()->begun ? begin_group() : groups_.front();
    group->name = who.group;
    group->begun = true;
  }
  // A queue that has consumers of its own keeps its messages for them, come who may.
  group->lasting = group->lasting || (who.group.empty() && !who.guest);
  return group;
}

// Gets what is sent from now on.
std::shared_ptr<Group> Channel::begin_group() {
  auto group = std::make_shared<Group>(is_queue(), settings_.capacity);
  groups_.push_back(group);
  share_credit();
  for (const std::unique_ptr<Lane>& lane : lanes_) {
    if (!lane->closed()) {
      group->reader.add(lane->latest());
    }
  }
  return group;
}

void Channel::share_credit() {
  if (!is_queue()) {
    return;
  }
  for (const std::shared_ptr<Group>& group : groups_) {
    group->reader.set_credits(groups_.size() == 1);
  }
  if (groups_.size() > 1) {
    ask_again_for_credit();
  }
}

// A group whose last member goes is over, unless it lasts, or is a queue's only one: then what it
// left is for the next that begins.
void Channel::leave_group(Receiver& receiver, Wakes& wakes) {
  Group& group = *receiver.group_;
  if (--group.members > 0 || group.lasting) {
    return;
  }
  if (is_queue() && groups_.size() == 1) {
    group.begun = false;
    return;
  }
  group.over = true;
  for (const Envelope& envelope : group.again) {
    receiver.tell_gone(envelope, wakes);
  }
  group.again.clear();
  group.again_count.store(0, std::memory_order_relaxed);
  group.reader.leave([&](const Record& record) {
    if (record.letter != 0 && (is_queue() || receiver.confirming())) {
      receiver.tell_gone(record.the_letter()->envelope, wakes);
    }
  });
  std::erase(groups_, receiver.group_);
  share_credit();
  if (!is_queue()) {
    ask_again_for_credit();
  }
  wake_senders(wakes);
}

// ---- sending ends

std::shared_ptr<Sender> Channel::open_sender(std::function<void()> writable, bool keeps) {
  const std::lock_guard lock(mutex_);
  if (retired_) {
    return nullptr;
  }
  sweep();
  Lane* left = take_over();
  Lane& lane = left != nullptr ? *left : make_lane();
  auto sender = std::make_shared<Sender>(shared_from_this(), lane, std::move(writable), keeps);
  ends_ += keeps ? 1 : 0;
  senders_.push_back(sender.get());
  return sender;
}

Lane& Channel::make_lane() {
  auto number = static_cast<std::uint32_t>(lanes_.size());
  if (!free_numbers_.empty()) {
    number = free_numbers_.back();
    free_numbers_.pop_back();
  }
  Lane& lane = *lanes_.emplace_back(
      std::make_unique<Lane>(is_queue() ? 0 : settings_.capacity, number,
                             std::bit_floor(settings_.bytes_max / segments_per_limit)));
  for (const std::shared_ptr<Group>& group : groups_) {
    group->reader.add(lane.oldest());
  }
  return lane;
}

// Who opens ends, leaves messages and goes, for ever, must not fill the memory. Among the lanes
// that were left with something, the one with least is written on; null: they are few.
Lane* Channel::take_over() {
  Lane* least = nullptr;
  std::uint64_t least_backlog = 0;
  std::size_t waiting = 0;
  std::erase_if(left_, [&](Lane* lane) {
    const std::uint64_t waits = waiting < left_lanes_max ? lane->seq() - slowest(*lane) : 1;
    if (waits > 0 && waiting < left_lanes_max) {
      ++waiting;
      if (least == nullptr || (is_queue() && waits < least_backlog)) {
        least = lane;
        least_backlog = waits;
      }
    }
    return waits == 0;  // to be swept
  });
  if (waiting < left_lanes_max) {
    return nullptr;
  }
  std::erase(left_, least);
  least->reopen();
  // One that read the last of it and went, meanwhile or just before, has to come back.
  for (const std::shared_ptr<Group>& group : groups_) {
    group->reader.follow(*least);
  }
  return least;
}

// Lanes whose sending end is gone and whose messages were all read.
void Channel::sweep() {
  if (++ends_since_sweep_ * sweep_share < lanes_.size()) {
    return;
  }
  ends_since_sweep_ = 0;
  for (const std::shared_ptr<Group>& group : groups_) {
    group->reader.leave_drained();
  }
  std::erase_if(lanes_, [&](const std::unique_ptr<Lane>& lane) {
    if (!lane->closed() || !lane->unheld()) {
      return false;
    }
    stats_.published += lane->seq() - 1;
    free_numbers_.push_back(lane->number());
    std::erase(left_, lane.get());
    return true;
  });
}

}  // namespace host::channel
