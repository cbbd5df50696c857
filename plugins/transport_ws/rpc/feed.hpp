// plugins/transport_ws/rpc/feed.hpp - one bus channel fanned out to the clients that subscribed to
// it.
//
// A message becomes one frame that all clients share. A client without room makes the feed wait
// (its messages stay unacknowledged, so the bus slows the publishers) until it drains or is cut
// off: clients that keep up miss nothing. Thread: the gateway's.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "rpc/bus.hpp"
#include "session/peer.hpp"

namespace transport_ws::rpc {

class Feed : public std::enable_shared_from_this<Feed> {
 public:
  Feed(std::uint64_t number, std::string channel, Bus& bus);
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;
  ~Feed();

  [[nodiscard]] bp::result<void> open();

  void add(session::Peer& peer) { peers_.push_back(&peer); }

  /// Goes on with what waited for this client.
  void remove(const session::Peer& peer);

  void on_drained() { pump(); }

  [[nodiscard]] bool empty() const noexcept { return peers_.empty(); }

  [[nodiscard]] bool closed() const noexcept { return closed_; }

  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

  [[nodiscard]] const std::string& channel() const noexcept { return channel_; }

 private:
  void on_event(Bus::Event event);
  void pump();
  [[nodiscard]] bool must_wait();
  void deliver(const Bus::Message& message);
  void tell_all(const std::string& text);

  std::vector<session::Peer*> peers_;
  std::deque<Bus::Message> waiting_;
  std::string channel_;
  std::string prefix_;  // of every notification, up to the position
  Bus& bus_;
  std::uint64_t number_;
  std::uint64_t subscription_ = 0;
  bool open_ = false;
  bool closed_ = false;
};

}  // namespace transport_ws::rpc
