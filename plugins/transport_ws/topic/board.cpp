// plugins/transport_ws/topic/board.cpp - following, leaving, delivering.
#include "topic/board.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "frame/utf8.hpp"
#include "limits.hpp"

namespace transport_ws::topic {

bp::result<void> check_name(std::string_view topic) {
  const bool plain = std::ranges::none_of(
      topic, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; });
  if (topic.empty() || topic.size() > name_bytes_max || !plain || !frame::is_utf8(topic)) {
    return bp::fail(
        BP_E_INVALID,
        fmt::format("'topic' must be a name of 1 to {} bytes without control characters",
                    name_bytes_max));
  }
  return {};
}

bp::result<void> Board::subscribe(session::Peer& peer, Form form, std::string_view topic) {
  BP_TRY(check_name(topic));
  auto& followed = followed_[peer.id()];
  if (std::ranges::find(followed, topic, &Topic::name) != followed.end()) {
    return {};
  }
  if (followed.size() >= subscriptions_max_) {
    return bp::fail(BP_E_BUSY, fmt::format("a connection may follow {} topics; unsubscribe one",
                                           subscriptions_max_));
  }
  auto found = topics_.find(topic);
  if (found == topics_.end()) {
    found = topics_.emplace(topic, std::make_unique<Topic>(std::string(topic))).first;
  }
  found->second->subscribers.push_back({&peer, form});
  followed.push_back(found->second.get());
  ++subscriptions_;
  count();
  return {};
}

bool Board::unsubscribe(session::Peer& peer, std::string_view topic) {
  const auto of_peer = followed_.find(peer.id());
  if (of_peer == followed_.end()) {
    return false;
  }
  auto& followed = of_peer->second;
  const auto found = std::ranges::find(followed, topic, &Topic::name);
  if (found == followed.end()) {
    return false;
  }
  Topic& left = **found;
  followed.erase(found);
  if (followed.empty()) {
    followed_.erase(of_peer);
  }
  remove(peer, left);
  count();
  return true;
}

void Board::leave(session::Peer& peer) {
  const auto node = followed_.extract(peer.id());
  if (!node.empty()) {
    for (Topic* each : node.mapped()) {
      remove(peer, *each);
    }
    count();
  }
}

void Board::remove(session::Peer& peer, Topic& topic) {
  --subscriptions_;
  std::erase_if(topic.subscribers, [&](const Subscriber& each) { return each.peer == &peer; });
  if (topic.subscribers.empty()) {
    topics_.erase(topics_.find(topic.name));
  }
}

void Board::count() {
  counters_.subscriptions.set(static_cast<double>(subscriptions_));
}

std::size_t Board::deliver(Announcement& announcement) {
  const auto found = topics_.find(std::string_view(announcement.topic()));
  if (found == topics_.end()) {
    return 0;
  }
  std::size_t taken = 0;
  std::vector<session::Peer*> slow;  // cut off afterwards: it changes what is walked over here
  for (const Subscriber& each : found->second->subscribers) {
    const auto put = each.peer->send_event(announcement.frame(each.form));
    taken += put == frame::Outbox::Put::Queued ? 1 : 0;
    if (put == frame::Outbox::Put::Refused) {
      slow.push_back(each.peer);
    }
  }
  for (session::Peer* peer : slow) {
    peer->cut_off(fmt::format("too slow for topic {}", announcement.topic()));
  }
  return taken;
}

std::vector<std::string> Board::topics_of(const session::Peer& peer) const {
  std::vector<std::string> names;
  if (const auto found = followed_.find(peer.id()); found != followed_.end()) {
    for (const Topic* each : found->second) {
      names.push_back(each->name);
    }
  }
  return names;
}

}  // namespace transport_ws::topic
