// plugins/transport_ws/rpc/feed.hpp - one bus channel fanned out to the clients that subscribed to
// it.
//
// A message becomes one frame that all clients share. A client without room makes the feed wait
// (its messages stay unacknowledged, so the bus slows the publishers) until it drains or is cut
// off: clients that keep up miss nothing. One that comes back goes on from a position, out of the
// history, and is then like the others. Thread: the gateway's.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rpc/bus.hpp"
#include "rpc/epochs.hpp"
#include "rpc/history.hpp"
#include "session/counters.hpp"
#include "session/peer.hpp"

namespace transport_ws::rpc {

class Feed : public std::enable_shared_from_this<Feed> {
 public:
  /// What it stands on must outlive it.
  Feed(std::uint64_t number, std::string channel, Bus& bus, Epochs& epochs,
       const HistorySettings& settings, session::Counters& counters);
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;
  ~Feed();

  /// `on_stale` is called when an event comes that nobody will ever want.
  [[nodiscard]] bp::result<void> open(std::function<void(const Feed&)> on_stale);

  /// From the next event on.
  void add(session::Peer& peer) { listeners_.push_back({&peer, 0}); }

  /// From a position on: what the history holds of it comes first.
  void add(session::Peer& peer, std::uint64_t from);

  /// Goes on with what waited for this client.
  void remove(const session::Peer& peer);

  void on_drained() { pump(); }

  [[nodiscard]] bool empty() const noexcept { return listeners_.empty(); }

  /// Nobody has followed it for so long that its history is of no use any more.
  [[nodiscard]] bool stale() const noexcept;

  /// Since when nobody follows it; only while it is empty().
  [[nodiscard]] std::chrono::steady_clock::time_point idle_since() const noexcept {
    return idle_since_;
  }

  /// What add() from that position will be able to give.
  [[nodiscard]] History::Coverage coverage(std::uint64_t from) const noexcept;

  [[nodiscard]] const History& history() const noexcept { return history_; }

  [[nodiscard]] bool closed() const noexcept { return closed_; }

  /// Positions of another one mean nothing here. Once it is open.
  [[nodiscard]] const std::string& epoch() const noexcept { return epoch_->text(); }

  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

  [[nodiscard]] const std::string& channel() const noexcept { return channel_; }

 private:
  void on_event(Bus::Event event);
  void pump();

  struct Listener {
    session::Peer* peer;
    std::uint64_t next;  // the first event that it wants and has not got; 0: whatever comes
  };

  [[nodiscard]] bool behind(const Listener& listener) const noexcept {
    return listener.next != 0 && history_.last() && listener.next <= *history_.last();
  }

  [[nodiscard]] bool must_wait();
  [[nodiscard]] bool catch_up(Listener& listener);
  void deliver(const Bus::Message& message);
  void tell_all(const std::string& text);

  const HistorySettings& settings_;
  session::Counters& counters_;
  History history_;
  std::function<void(const Feed&)> on_stale_;
  std::vector<Listener> listeners_;
  std::deque<Bus::Message> waiting_;
  std::string channel_;
  std::string prefix_;  // of every notification, up to the position
  Bus& bus_;
  Epochs& epochs_;
  std::uint64_t number_;
  Epochs::Held epoch_;
  std::uint64_t subscription_ = 0;
  std::uint64_t cut_behind_ = 0;  // the bus lost messages behind this one; 0: none
  std::chrono::steady_clock::time_point idle_since_ = std::chrono::steady_clock::now();
  bool open_ = false;
  bool closed_ = false;
};

}  // namespace transport_ws::rpc
