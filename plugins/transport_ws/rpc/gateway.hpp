// plugins/transport_ws/rpc/gateway.hpp - the JSON-RPC 2.0 gateway: publish, subscribe, unsubscribe,
// call, ping.
//
// Knows clients as Peers and the backplane as a Bus; no socket, no thread, no clock of its own.
// Errors: to the client, as the specification says. Thread: one, its io thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "json/json.hpp"
#include "limits.hpp"
#include "rpc/bus.hpp"
#include "rpc/envelope.hpp"
#include "rpc/epochs.hpp"
#include "rpc/event_id.hpp"
#include "rpc/feed.hpp"
#include "session/counters.hpp"
#include "session/flights.hpp"
#include "session/peer.hpp"

namespace transport_ws::rpc {

struct GatewaySettings {
  std::uint32_t in_flight_max = in_flight_max_default;
  std::uint32_t subscriptions_max = subscriptions_max_default;
  std::uint32_t call_timeout_ms = call_timeout_ms_default;
  HistorySettings history;
  // Of all gateways of this run: positions of another one mean nothing.
  std::shared_ptr<Epochs> epochs = std::make_shared<Epochs>("0");
};

class Gateway {
 public:
  /// The counters must outlive it.
  Gateway(Bus& bus, const GatewaySettings& settings, session::Counters& counters);
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;
  ~Gateway();

  void enter(session::Peer& peer);
  /// Its subscriptions end; answers that are still to come are thrown away.
  void leave(session::Peer& peer);
  void on_text(session::Peer& peer, std::string_view text);
  void on_drained(session::Peer& peer);

  /// `then` is called once nothing that this client asked for waits for its answer, unless it
  /// leaves before.
  void when_answered(session::Peer& peer, std::move_only_function<void()> then);

  /// From now on every request is refused; `on_idle` is called once, when nothing is in flight.
  void drain(std::move_only_function<void()> on_idle);

  /// `on_followed(channel)` for each channel that this gateway begins to follow: so that the
  /// gateways of other threads keep() its history too, wherever a client comes back.
  void share_channels(std::function<void(const std::string& channel)> on_followed) {
    on_followed_ = std::move(on_followed);
  }

  /// Follows a channel for its history alone.
  void keep(const std::string& channel);

  [[nodiscard]] std::size_t in_flight() const noexcept { return flights_.count(); }

 private:
  struct Visitor;
  struct Batch;
  struct Turn;
  using Params = json::Value;

  void run(const std::shared_ptr<Turn>& turn, const json::Value& message);
  void run_batch(const std::shared_ptr<Visitor>& visitor, const json::Value& message);
  [[nodiscard]] static bp::result<Params> params_of(const rpc::Request& request);
  void dispatch(const std::shared_ptr<Turn>& turn, const rpc::Request& request,
                const Params& params);

  void publish(const std::shared_ptr<Turn>& turn, const Params& params);
  void subscribe(const std::shared_ptr<Turn>& turn, const Params& params);
  void unsubscribe(const std::shared_ptr<Turn>& turn, const Params& params);
  void call(const std::shared_ptr<Turn>& turn, const Params& params);

  [[nodiscard]] bp::result<std::shared_ptr<Feed>> feed_for(Visitor& visitor,
                                                           const std::string& channel);
  static void join(Feed& feed, session::Peer& peer, std::uint64_t from);
  [[nodiscard]] static std::string subscribed(const Feed& feed, const History::Coverage* coverage);
  [[nodiscard]] bool begin_flight(const std::shared_ptr<Turn>& turn);
  void end_flight(const std::shared_ptr<Turn>& turn);
  [[nodiscard]] bp::result<std::shared_ptr<Feed>> feed_of(const std::string& channel);
  void drop_feed_if_unused(const std::shared_ptr<Feed>& feed);
  void forget(const Feed& feed);

  Bus& bus_;
  const GatewaySettings settings_;
  session::Counters& counters_;
  EventIds ids_;
  std::unordered_map<std::uint64_t, std::shared_ptr<Visitor>> visitors_;
  std::unordered_map<std::string, std::shared_ptr<Feed>> feeds_;
  std::function<void(const std::string&)> on_followed_;
  std::shared_ptr<const bool> alive_;  // replies that come after our end find it expired
  session::Flights flights_;
  std::uint64_t feeds_made_ = 0;
  bool draining_ = false;
};

}  // namespace transport_ws::rpc
