// plugins/transport_ws/server/loop.cpp - from socket to handshake to session, and the drain.
#include "server/loop.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include <boost/asio/post.hpp>

#include "http/extension.hpp"
#include "http/subprotocol.hpp"
#include "net/readiness.hpp"
#include "route/echo.hpp"
#include "route/forum.hpp"
#include "route/inlet.hpp"
#include "route/lobby.hpp"
#include "server/arrival.hpp"

namespace transport_ws::server {

namespace {

std::optional<net::Tcp::endpoint> peer_of(const net::Stream& socket) {
  net::ErrorCode failure;
  const auto endpoint = socket.remote_endpoint(failure);
  return failure ? std::nullopt : std::optional(endpoint);
}

std::vector<route::Route> routes_of(const Settings& settings) {
  if (!settings.routes.empty()) {
    return settings.routes;
  }
  route::Route all;
  all.path = "*";
  all.origins = http::OriginPolicy(settings.origins, settings.origins_loopback);
  all.session = settings.session;
  return {std::move(all)};
}

}  // namespace

std::string address_of(const net::Stream& socket) {
  const auto peer = peer_of(socket);
  return peer ? net::to_text(*peer) : "(gone)";
}

Loop::Loop(std::uint32_t number, const Settings& settings, const BusFactory& make_bus,
           Observer& observer, topic::Hub& hub)
    : settings_(settings),
      observer_(observer),
      work_(context_.get_executor()),
      scratch_(read_scratch_bytes),
      deflation_(settings.deflate_level, counters_),
      table_(routes_of(settings)),
      bus_(make_bus(context_)),
      gateway_(*bus_, settings.gateway, counters_),
      routes_(*bus_, settings.http_in_flight_max, settings.http_timeout_ms),
      board_(settings.gateway.subscriptions_max, counters_),
      hub_(hub),
      authenticator_(settings.auth, *bus_),
      antechamber_(*this, *this, context_, authenticator_),
      counter_({*bus_, std::make_shared<const rest::Table>(settings.http), authenticator_,
                http::OriginPolicy(settings.origins, settings.origins_loopback)},
               settings.counter),
      // One io thread leads the channels out; every thread's followers hear it.
      outward_(number == 0 ? settings.bridges : std::vector<topic::Bridge>(), *bus_, hub, context_,
               [this](const std::string& channel, std::string_view what) {
                 observer_.on_bridge(channel, what);
               }),
      drain_timer_(context_),
      next_connection_(number + 1),
      connection_step_(settings.io_threads) {
  asio::use_service<net::Readiness>(context_);  // takes its descriptor now
  hub.join(context_, board_);
  for (const route::Route& each : table_.routes()) {
    rooms_.push_back(make_room(each));
  }
  for (const TcpListener& each : settings_.tcp) {
    rooms_.push_back(make_room(each.route));
  }
}

Loop::~Loop() {
  stop();
  outward_.stop();
  for (auto& [id, seat] : seats_) {
    gateway_.leave(*seat.session);
  }
}

std::unique_ptr<route::Room> Loop::make_room(const route::Route& route) {
  route::Room::Doorkeeper& doorkeeper = *this;
  switch (route.to) {
    case route::To::Echo:
      return std::make_unique<route::Echo>(doorkeeper);
    case route::To::Channel:
      return std::make_unique<route::Inlet>(doorkeeper, *bus_, "ws.in." + route.name,
                                            settings_.gateway.in_flight_max);
    case route::To::Topics:
      return std::make_unique<route::Forum>(
          doorkeeper, route::Forum::Parts{*bus_, board_, hub_, settings_.bridges},
          route::ForumSettings{route.subscribe, route.publish, settings_.gateway.in_flight_max});
    case route::To::Gateway:
      break;
  }
  return std::make_unique<route::Lobby>(doorkeeper, gateway_);
}

void Loop::run() {
  asio::post(context_, [this] { outward_.start(); });
  thread_ = std::jthread([this] { context_.run(); });
}

void Loop::stop() {
  context_.stop();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Loop::adopt(net::Stream socket, net::Admission::Ticket ticket) {
  auto arrival = std::make_shared<Arrival>();
  arrival->ticket = std::move(ticket);
  asio::post(context_, [this, socket = std::move(socket), arrival]() mutable {
    arrival->peer = peer_of(socket);
    arrival->address = address_of(socket);
    const auto exchange =
        std::make_shared<http::Exchange>(std::move(socket), desk(), settings_.handshake_ms,
                                         settings_.header_bytes_max, settings_.body_bytes_max);
    exchange->count();
    exchange->speak_json(counter_.origins());
    exchange->start(
        [this, arrival](const auto& self, const http::Request& request) {
          on_request(self, request, arrival);
        },
        [this, arrival](std::string_view how) {
          if (how != http::Exchange::answered) {
            on_exchange_end(*arrival, how);
          }
        });
  });
}

void Loop::turn_away(net::Stream socket, std::string_view reason, session::Rejection why) {
  asio::post(context_, [this, socket = std::move(socket), reason, why]() mutable {
    reject(address_of(socket), reason, why);
    if (turned_away_ >= turned_away_max || socket.secured()) {
      return;  // the socket is closed: no time to be polite
    }
    ++turned_away_;
    const auto exchange = std::make_shared<http::Exchange>(
        std::move(socket), desk(), settings_.handshake_ms, settings_.header_bytes_max);
    exchange->speak_json(counter_.origins());
    exchange->start([](const auto& /*self*/, const http::Request& /*request*/) {},
                    [this](std::string_view /*how*/) { --turned_away_; });
    exchange->refuse({503, std::string(reason)});
  });
}

void Loop::reject(const std::string& address, std::string_view reason, session::Rejection why) {
  counters_.connections_rejected.add();
  counters_.rejections[static_cast<std::size_t>(why)].add();
  observer_.on_rejected(address, reason);
}

void Loop::on_exchange_end(const Arrival& arrival, std::string_view how) {
  const bool tls = how.starts_with("TLS: ");
  const session::Rejection why = how == "timeout"   ? session::Rejection::Timeout
                                 : how == "hung up" ? session::Rejection::HungUp
                                 : tls              ? session::Rejection::Tls
                                                    : arrival.why;
  reject(arrival.address, how, why);
}

// A proxy that is trusted says for whom it speaks, with each request anew; the limits of addresses
// hold for those.
std::expected<void, http::Refusal> Loop::find_client(Arrival& arrival,
                                                     const http::Request& request) const {
  const http::Proxies& proxies = settings_.proxies;
  if (!arrival.peer || !proxies.trusts(arrival.peer->address())) {
    return {};
  }
  const auto peer = http::plain(arrival.peer->address());
  const auto client = proxies.client_of(request, peer);
  if (!client) {
    return std::unexpected(client.error());
  }
  if (const auto placed = arrival.ticket.count_for(*client); !placed) {
    arrival.why = session::Rejection::Address;
    return std::unexpected(http::Refusal{503, std::string(placed.error())});
  }
  arrival.address = *client == peer ? net::to_text(*arrival.peer) : client->to_string();
  return {};
}

void Loop::on_request(const std::shared_ptr<http::Exchange>& exchange, const http::Request& request,
                      const std::shared_ptr<Arrival>& arrival) {
  if (const auto found = find_client(*arrival, request); !found) {
    exchange->refuse(found.error());
    return;
  }
  if (!http::is_upgrade(request)) {
    if (!counter_.serve(exchange, request, arrival->address)) {
      turn_plain(*exchange, request);
    }
    return;
  }
  const std::size_t place = table_.find(request.target);
  if (place == table_.routes().size()) {
    exchange->refuse({404, "nothing is served at this path"});
    return;
  }
  const route::Route& route = table_.routes()[place];
  if (request.has("Origin") && !route.origins.allows(request.field("Origin"))) {
    arrival->why = session::Rejection::Origin;
    exchange->refuse({403, "origin not allowed"});
    return;
  }
  const auto subprotocol = http::choose_subprotocol(request, route.subprotocols);
  if (!subprotocol) {
    exchange->refuse(subprotocol.error());
    return;
  }
  std::vector<http::Field> fields;
  if (!subprotocol->empty()) {
    fields.push_back({"Sec-WebSocket-Protocol", *subprotocol});
  }
  if (const auto deflate = route.session.deflate ? http::choose_deflate(request) : std::nullopt) {
    fields.push_back({"Sec-WebSocket-Extensions", deflate->answer});
    arrival->window_bits = deflate->window_bits;
  }
  auto accepted = http::accept_upgrade(request, fields);
  if (!accepted) {
    exchange->refuse(accepted.error());
    return;
  }
  arrival->route = place;
  arrival->accepted = std::move(*accepted);
  if (authenticator_.mode() != auth::Mode::None) {
    arrival->evidence = auth::evidence_of(request, arrival->address, exchange->peer());
  }
  authenticate(exchange, arrival);
}

// The deadline of the handshake goes on while a service is asked.
void Loop::authenticate(const std::shared_ptr<http::Exchange>& exchange,
                        const std::shared_ptr<Arrival>& arrival) {
  if (!authenticator_.asks_before_upgrade(arrival->evidence)) {
    upgrade(exchange, arrival);
    return;
  }
  authenticator_.authenticate(arrival->evidence,
                              [this, exchange, arrival](bp::result<auth::Principal> verdict) {
                                on_verdict(exchange, arrival, std::move(verdict));
                              });
}

void Loop::on_verdict(const std::shared_ptr<http::Exchange>& exchange,
                      const std::shared_ptr<Arrival>& arrival,
                      bp::result<auth::Principal> verdict) {
  const auto let_in = let_in_as(*arrival, std::move(verdict));
  if (!let_in) {
    exchange->refuse(let_in.error());
    return;
  }
  upgrade(exchange, arrival);
}

void Loop::upgrade(const std::shared_ptr<http::Exchange>& exchange,
                   const std::shared_ptr<Arrival>& arrival) {
  exchange->upgrade(std::move(arrival->accepted),
                    [this, arrival](net::Stream socket, const std::string& already_read) {
                      open_session(*arrival, std::move(socket), already_read);
                    });
}

void Loop::open_session(Arrival& arrival, net::Stream socket, std::string_view already_read) {
  const auto session = std::make_shared<session::Session>(next_id(), std::move(socket),
                                                          table_.routes()[arrival.route].session,
                                                          owner_of(arrival), desk());
  if (arrival.window_bits != 0) {
    session->compress(arrival.window_bits);
  }
  take_seat(arrival, session, already_read);
}

std::uint64_t Loop::next_id() noexcept {
  return std::exchange(next_connection_, next_connection_ + connection_step_);
}

// Who has not said yet who they are wait elsewhere.
route::Room& Loop::first_room(const Arrival& arrival) {
  const bool stranger = authenticator_.mode() != auth::Mode::None && !arrival.principal;
  return stranger ? antechamber_ : *rooms_[arrival.route];
}

// Rooms outlive the sessions: a pointer that owns nothing.
std::shared_ptr<session::Connection::Owner> Loop::owner_of(const Arrival& arrival) {
  return {std::shared_ptr<void>(), &first_room(arrival)};
}

void Loop::take_seat(Arrival& arrival, const std::shared_ptr<session::Connection>& session,
                     std::string_view already_read) {
  const std::uint64_t id = session->id();
  route::Room& room = first_room(arrival);
  seats_.emplace(id, Seat{session,
                          std::move(arrival.ticket),
                          arrival.address,
                          std::chrono::steady_clock::now(),
                          arrival.route,
                          {},
                          nullptr});
  counters_.connections_accepted.add();
  counters_.connections.set(static_cast<double>(seats_.size()));
  counters_.tcp_connections.add(is_tcp(arrival.route) ? 1 : 0);
  observer_.on_open(id, arrival.address,
                    arrival.principal ? std::string_view(arrival.principal->name) : "");
  begin_term(id);
  if (arrival.principal) {
    settle(*session, std::move(*arrival.principal), std::move(arrival.place));
  }
  room.enter(*session);
  if (&room == &antechamber_) {
    antechamber_.expect(*session, arrival.route, std::move(arrival.evidence));
  }
  session->start(already_read);
  if (draining_) {
    session->close(drain_code_, "the server is closing");
  }
}

void Loop::on_slow(session::Connection& session) {
  observer_.on_slow(session.id());
}

void Loop::on_leaving(session::Connection& session) {
  board_.leave(session);
}

void Loop::on_gone(session::Connection& session, std::uint16_t code, std::string_view reason) {
  const std::uint64_t id = session.id();
  counters_.connections_closed.add();
  observer_.on_closed(id, code, reason);
  const auto seat = seats_.find(id);
  counters_.tcp_connections.add(is_tcp(seat->second.route) ? -1 : 0);
  seats_.erase(seat);
  counters_.connections.set(static_cast<double>(seats_.size()));
  if (draining_ && seats_.empty()) {
    finish_drain();
  }
}

bool Loop::close(std::uint64_t connection, std::uint16_t code, std::string_view reason) {
  const auto found = seats_.find(connection);
  if (found == seats_.end()) {
    return false;
  }
  const auto session = found->second.session;
  session->close(code, reason);
  return true;
}

bp::result<bool> Loop::send(std::uint64_t connection, frame::Frame frame) {
  const auto found = seats_.find(connection);
  if (found == seats_.end()) {
    return false;
  }
  const auto session = found->second.session;
  if (const auto problem = session->problem_with(frame); !problem.empty()) {
    return bp::fail(BP_E_INVALID, std::string(problem));
  }
  if (session->send_event(std::move(frame)) == frame::Outbox::Put::Refused) {
    session->cut_off("too slow");
  }
  return true;
}

bp::result<bool> Loop::subscribe(std::uint64_t connection, std::string_view topic) {
  const auto found = seats_.find(connection);
  if (found == seats_.end() || !found->second.session->open()) {
    return false;
  }
  if (authenticator_.mode() != auth::Mode::None && found->second.session->principal() == nullptr) {
    return bp::fail(BP_E_STATE,
                    "that connection has not said yet who it is; wait for 'identified' "
                    "on ws.events");
  }
  BP_TRY(board_.subscribe(*found->second.session, rooms_[found->second.route]->form(), topic));
  return true;
}

bool Loop::unsubscribe(std::uint64_t connection, std::string_view topic) {
  const auto found = seats_.find(connection);
  return found != seats_.end() && board_.unsubscribe(*found->second.session, topic);
}

std::vector<ConnectionInfo> Loop::connections(std::uint64_t after, std::size_t count) const {
  std::vector<std::uint64_t> ids;
  for (const auto& [id, seat] : seats_) {
    if (id > after) {
      ids.push_back(id);
    }
  }
  const std::size_t wanted = std::min(count, ids.size());
  std::ranges::partial_sort(ids, ids.begin() + static_cast<std::ptrdiff_t>(wanted));
  ids.resize(wanted);
  std::vector<ConnectionInfo> all;
  for (const std::uint64_t id : ids) {
    const Seat& seat = seats_.at(id);
    const auto open = std::chrono::steady_clock::now() - seat.since;
    all.push_back({id, seat.address, route_at(seat.route).name, board_.topics_of(*seat.session),
                   seat.session->queued_bytes(),
                   static_cast<std::uint64_t>(
                       std::chrono::duration_cast<std::chrono::milliseconds>(open).count())});
  }
  return all;
}

void Loop::drain(std::uint16_t code, std::move_only_function<void()> on_done) {
  asio::post(context_, [this, code, on_done = std::move(on_done)]() mutable {
    begin_drain(code, std::move(on_done));
  });
}

void Loop::begin_drain(std::uint16_t code, std::move_only_function<void()> on_done) {
  draining_ = true;
  drain_code_ = code;
  on_drain_done_ = std::move(on_done);
  const auto time = std::chrono::milliseconds(settings_.drain_ms);
  const auto goodbyes = time / drain_goodbyes_part;
  drain_timer_.expires_after(time - goodbyes);
  drain_timer_.async_wait([this, goodbyes](net::ErrorCode failure) {
    if (!failure) {
      say_goodbye(goodbyes);
    }
  });
  rooms_at_work_ = rooms_.size() + 2;  // and the gateway, and the calls of plain requests
  counter_.drain([this] { on_room_idle(); });
  gateway_.drain([this] { on_room_idle(); });
  for (const auto& room : rooms_) {
    room->drain([this] { on_room_idle(); });
  }
}

// Some answer does not come. Everybody is told all the same that the server closes.
void Loop::say_goodbye(std::chrono::milliseconds time) {
  drain_timer_.expires_after(time);
  drain_timer_.async_wait([this](net::ErrorCode failure) {
    if (!failure) {
      finish_drain();
    }
  });
  close_all();
}

void Loop::on_room_idle() {
  if (--rooms_at_work_ == 0) {
    close_all();
  }
}

void Loop::close_all() {
  std::vector<std::shared_ptr<session::Connection>> sessions;
  for (const auto& [id, seat] : seats_) {
    sessions.push_back(seat.session);
  }
  for (const auto& session : sessions) {
    session->close(drain_code_, "the server is closing");
  }
  if (seats_.empty()) {
    finish_drain();
  }
}

void Loop::finish_drain() {
  drain_timer_.cancel();
  if (on_drain_done_) {
    std::exchange(on_drain_done_, nullptr)();
  }
}

}  // namespace transport_ws::server
