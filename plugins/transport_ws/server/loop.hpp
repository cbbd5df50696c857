// plugins/transport_ws/server/loop.hpp - one io thread with everything that belongs to it:
// connections, gateway, routes. Loops share nothing.
//
// Thread: its own, from run() on; adopt() and drain() may be called from any.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>

#include "http/exchange.hpp"
#include "net/admission.hpp"
#include "route/antechamber.hpp"
#include "route/room.hpp"
#include "route/route.hpp"
#include "rpc/bus.hpp"
#include "rpc/gateway.hpp"
#include "server/routes.hpp"
#include "server/settings.hpp"
#include "session/session.hpp"
#include "topic/board.hpp"
#include "topic/bridge.hpp"
#include "topic/hub.hpp"

namespace transport_ws::server {

/// What the world is told about connections. Thread: the io threads.
class Observer {
 public:
  /// `principal`: empty where nobody was asked, or where the first message will tell.
  virtual void on_open(std::uint64_t connection, const std::string& address,
                       std::string_view principal) = 0;

  /// By its first message.
  virtual void on_identified(std::uint64_t /*connection*/, std::string_view /*principal*/) {}

  /// It reads too slowly: events wait for it or are dropped. Told again when it has caught up and
  /// falls behind anew.
  virtual void on_slow(std::uint64_t /*connection*/) {}

  /// No descriptor or memory was left for the next connection; false: there is again.
  virtual void on_accept_paused(bool /*paused*/, const std::string& /*reason*/) {}

  virtual void on_closed(std::uint64_t connection, std::uint16_t code, std::string_view reason) = 0;
  virtual void on_rejected(const std::string& address, std::string_view reason) = 0;
  /// A channel that is bridged to a topic: it is missing, lost messages, is there again.
  virtual void on_bridge(const std::string& channel, std::string_view what) = 0;

  /// The files of 'tls' or 'metrics.tls' changed: new connections use them, or the error says why
  /// not.
  virtual void on_certificate(std::string_view /*key*/, const bp::result<void>& /*taken*/) {}

 protected:
  ~Observer() = default;
};

/// Makes the bus of one loop; its callbacks must run on that context.
using BusFactory = std::function<std::unique_ptr<rpc::Bus>(asio::io_context&)>;

/// One connection as operators and plugins see it.
struct ConnectionInfo {
  std::uint64_t id;
  std::string address;
  std::string route;
  std::vector<std::string> topics;
  std::uint64_t queued_bytes;
  std::uint64_t open_ms;
};

class Loop final : private route::Antechamber::Doors, private route::Room::Doorkeeper {
 public:
  /// What it stands on must outlive it.
  Loop(std::uint32_t number, const Settings& settings, const BusFactory& make_bus,
       Observer& observer, topic::Hub& hub);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  void run();
  /// Ends the thread; connections die with the loop. Thread: any but its own.
  void stop();

  /// A connection of the first listener: expects a WebSocket handshake.
  void adopt(net::Stream socket, net::Admission::Ticket ticket);
  /// A connection of the second listener: expects a plain request.
  void adopt_http(net::Stream socket, net::Admission::Ticket ticket);
  /// A connection of one of Settings::tcp: speaks at once, or when TLS is agreed on.
  void adopt_tcp(net::Stream socket, net::Admission::Ticket ticket, std::size_t listener);
  /// One of those that is one too many.
  void hang_up(net::Stream socket, std::string_view reason, session::Rejection why);
  /// A connection that is one too many: is told so, unless that took a TLS handshake first.
  void turn_away(net::Stream socket, std::string_view reason, session::Rejection why);

  /// Refuses new work, waits for what is in flight, closes every connection with `code`. `on_done`
  /// is called on the loop's thread, at the latest after Settings::drain_ms.
  void drain(std::uint16_t code, std::move_only_function<void()> on_done);

  /// Closes one connection. False: there is none of that id. Thread: its own (post() gets there).
  bool close(std::uint64_t connection, std::uint16_t code, std::string_view reason);
  /// Sends one message, under the policy of events. False: there is none of that id. INVALID: its
  /// protocol cannot carry this. Thread: its own.
  [[nodiscard]] bp::result<bool> send(std::uint64_t connection, frame::Frame frame);
  /// Lets one connection follow a topic. False: there is none of that id. Thread: its own.
  [[nodiscard]] bp::result<bool> subscribe(std::uint64_t connection, std::string_view topic);
  /// False: there is none of that id, or it does not follow the topic. Thread: its own.
  bool unsubscribe(std::uint64_t connection, std::string_view topic);
  /// Those with an id above `after`, ascending, `count` at most. Thread: its own.
  [[nodiscard]] std::vector<ConnectionInfo> connections(std::uint64_t after,
                                                        std::size_t count) const;

  [[nodiscard]] asio::io_context& context() noexcept { return context_; }

  [[nodiscard]] session::Counters& counters() noexcept { return counters_; }

  /// What plain requests call from now on; so many of its endpoints are routes of plugins. Thread:
  /// its own.
  void serve(std::shared_ptr<const rest::Table> table, std::size_t routes) {
    counter_.use(std::move(table));
    counters_.http_routes.set(static_cast<double>(routes));
  }

  /// For further connections on this thread.
  [[nodiscard]] session::Desk desk() noexcept {
    return {context_, scratch_, counters_, replies_, &deflation_};
  }

  /// See rpc::Gateway. Before run().
  void share_channels(std::function<void(const std::string& channel)> on_followed) {
    gateway_.share_channels(std::move(on_followed));
  }

  /// Thread: its own.
  void keep(const std::string& channel) { gateway_.keep(channel); }

  [[nodiscard]] rpc::Bus& bus() noexcept { return *bus_; }

 private:
  // How long a connection may stay.
  struct Term {
    net::Timer timer;
    std::chrono::steady_clock::time_point end;
  };

  struct Seat {
    std::shared_ptr<session::Connection> session;
    net::Admission::Ticket ticket;
    std::string address;
    std::chrono::steady_clock::time_point since;
    std::size_t route;
    std::unique_ptr<auth::Census::Place> place;  // null: of nobody
    std::unique_ptr<Term> term;                  // null: it may stay for ever
  };

  struct Arrival;

  void on_slow(session::Connection& session) override;
  void on_leaving(session::Connection& session) override;
  void on_gone(session::Connection& session, std::uint16_t code, std::string_view reason) override;

  [[nodiscard]] std::unique_ptr<route::Room> make_room(const route::Route& route);
  void on_request(const std::shared_ptr<http::Exchange>& exchange, const http::Request& request,
                  const std::shared_ptr<Arrival>& arrival);
  void turn_plain(http::Exchange& exchange, const http::Request& request) const;
  [[nodiscard]] std::expected<void, http::Refusal> find_client(Arrival& arrival,
                                                               const http::Request& request) const;
  void authenticate(const std::shared_ptr<http::Exchange>& exchange,
                    const std::shared_ptr<Arrival>& arrival);
  void on_verdict(const std::shared_ptr<http::Exchange>& exchange,
                  const std::shared_ptr<Arrival>& arrival, bp::result<auth::Principal> verdict);
  void upgrade(const std::shared_ptr<http::Exchange>& exchange,
               const std::shared_ptr<Arrival>& arrival);
  void open_session(Arrival& arrival, net::Stream socket, std::string_view already_read);
  [[nodiscard]] std::uint64_t next_id() noexcept;
  [[nodiscard]] route::Room& first_room(const Arrival& arrival);
  [[nodiscard]] std::shared_ptr<session::Connection::Owner> owner_of(const Arrival& arrival);
  void take_seat(Arrival& arrival, const std::shared_ptr<session::Connection>& session,
                 std::string_view already_read);
  void welcome_tcp(const std::shared_ptr<Arrival>& arrival, net::Stream socket,
                   const std::string& already_read);
  void open_tcp(const std::shared_ptr<Arrival>& arrival, net::Stream socket,
                std::string_view already_read);
  [[nodiscard]] std::expected<void, http::Refusal> let_in_as(Arrival& arrival,
                                                             bp::result<auth::Principal> verdict);
  [[nodiscard]] bp::result<auth::Census::Place> grant(std::size_t route,
                                                      const auth::Principal& principal);
  bp::result<void> identify(session::Connection& session, std::size_t route,
                            auth::Principal principal) override;
  void settle(session::Connection& session, auth::Principal principal, auth::Census::Place place);
  void begin_term(std::uint64_t connection);
  void await_term(std::uint64_t connection);

  [[nodiscard]] route::Room& room(std::size_t route) override { return *rooms_[route]; }

  // The listeners of Settings::tcp stand behind the paths of the first listener.
  [[nodiscard]] bool is_tcp(std::size_t route) const noexcept {
    return route >= table_.routes().size();
  }

  [[nodiscard]] const route::Route& route_at(std::size_t route) const noexcept {
    return is_tcp(route) ? settings_.tcp[route - table_.routes().size()].route
                         : table_.routes()[route];
  }

  void reject(const std::string& address, std::string_view reason, session::Rejection why);
  void on_exchange_end(const Arrival& arrival, std::string_view how);
  void begin_drain(std::uint16_t code, std::move_only_function<void()> on_done);
  void say_goodbye(std::chrono::milliseconds time);
  void on_room_idle();
  void close_all();
  void finish_drain();

  const Settings& settings_;
  Observer& observer_;
  asio::io_context context_{1};
  asio::executor_work_guard<net::Executor> work_;
  std::vector<char> scratch_;
  std::string replies_;
  session::Counters counters_;
  session::Deflation deflation_;
  const route::Table table_;
  std::unique_ptr<rpc::Bus> bus_;
  rpc::Gateway gateway_;
  Routes routes_;
  topic::Board board_;
  topic::Hub& hub_;
  auth::Authenticator authenticator_;
  route::Antechamber antechamber_;
  rest::Counter counter_;
  std::vector<std::unique_ptr<route::Room>> rooms_;  // see route_at()
  std::unordered_map<std::uint64_t, Seat> seats_;
  topic::Outward outward_;
  std::move_only_function<void()> on_drain_done_;
  net::Timer drain_timer_;
  std::jthread thread_;
  std::uint64_t next_connection_;
  const std::uint64_t connection_step_;
  std::uint32_t turned_away_ = 0;
  std::size_t rooms_at_work_ = 0;  // while draining
  std::uint16_t drain_code_ = 0;
  bool draining_ = false;
};

}  // namespace transport_ws::server
