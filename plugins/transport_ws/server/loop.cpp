// plugins/transport_ws/server/loop.cpp - from socket to handshake to session, and the drain.
#include "server/loop.hpp"

#include <chrono>
#include <utility>

#include <boost/asio/post.hpp>

namespace transport_ws::server {

namespace {

std::string address_of(const net::Socket& socket) {
  net::ErrorCode failure;
  const auto endpoint = socket.remote_endpoint(failure);
  return failure ? "(gone)" : net::to_text(endpoint);
}

}  // namespace

Loop::Loop(std::uint32_t number, const Settings& settings, const BusFactory& make_bus,
           Observer& observer)
    : settings_(settings),
      observer_(observer),
      work_(context_.get_executor()),
      scratch_(read_scratch_bytes),
      origins_(settings.origins, settings.origins_loopback),
      bus_(make_bus(context_)),
      gateway_(*bus_, settings.gateway),
      routes_(*bus_, settings.http_in_flight_max, settings.http_timeout_ms),
      drain_timer_(context_),
      next_connection_(number + 1),
      connection_step_(settings.io_threads) {}

Loop::~Loop() {
  stop();
  for (auto& [id, seat] : seats_) {
    gateway_.leave(*seat.session);
  }
}

void Loop::run() {
  thread_ = std::jthread([this] { context_.run(); });
}

void Loop::stop() {
  context_.stop();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Loop::adopt(net::Socket socket, net::Admission::Ticket ticket) {
  auto held = std::make_shared<net::Admission::Ticket>(std::move(ticket));
  asio::post(context_, [this, socket = std::move(socket), held]() mutable {
    const std::string address = address_of(socket);
    const auto exchange = std::make_shared<http::Exchange>(
        std::move(socket), desk(), settings_.handshake_ms, settings_.header_bytes_max);
    exchange->start(
        [this, held, address](const auto& self, const http::Request& request) {
          on_request(self, request, held, address);
        },
        [this, address, held](std::string_view how) { reject(address, how); });
  });
}

void Loop::adopt_http(net::Socket socket, net::Admission::Ticket ticket) {
  auto held = std::make_shared<net::Admission::Ticket>(std::move(ticket));
  asio::post(context_, [this, socket = std::move(socket), held]() mutable {
    const auto exchange = std::make_shared<http::Exchange>(
        std::move(socket), desk(), settings_.http_timeout_ms, settings_.header_bytes_max);
    exchange->start([this](const auto& self,
                           const http::Request& request) { routes_.on_request(self, request); },
                    [held](std::string_view /*how*/) {});
  });
}

void Loop::turn_away(net::Socket socket, std::string_view reason) {
  asio::post(context_, [this, socket = std::move(socket), reason]() mutable {
    reject(address_of(socket), reason);
    if (turned_away_ >= turned_away_max) {
      return;  // the socket is closed: no time to be polite
    }
    ++turned_away_;
    const auto exchange = std::make_shared<http::Exchange>(
        std::move(socket), desk(), settings_.handshake_ms, settings_.header_bytes_max);
    exchange->start([](const auto& /*self*/, const http::Request& /*request*/) {},
                    [this](std::string_view /*how*/) { --turned_away_; });
    exchange->refuse({503, std::string(reason)});
  });
}

void Loop::reject(const std::string& address, std::string_view reason) {
  counters_.connections_rejected.add();
  observer_.on_rejected(address, reason);
}

void Loop::on_request(const std::shared_ptr<http::Exchange>& exchange, const http::Request& request,
                      const std::shared_ptr<net::Admission::Ticket>& ticket,
                      const std::string& address) {
  if (!http::is_upgrade(request)) {
    exchange->refuse({426, "this is a WebSocket endpoint: connect with a WebSocket client"});
    return;
  }
  if (request.has("Origin") && !origins_.allows(request.field("Origin"))) {
    exchange->refuse({403, "origin not allowed"});
    return;
  }
  auto accepted = http::accept_upgrade(request);
  if (!accepted) {
    exchange->refuse(accepted.error());
    return;
  }
  exchange->upgrade(std::move(*accepted),
                    [this, ticket, address](net::Socket socket, const std::string& already_read) {
                      open_session(std::move(socket), already_read, std::move(*ticket), address);
                    });
}

void Loop::open_session(net::Socket socket, std::string_view already_read,
                        net::Admission::Ticket ticket, const std::string& address) {
  const std::uint64_t id = std::exchange(next_connection_, next_connection_ + connection_step_);
  // The loop outlives its sessions: a pointer that owns nothing.
  std::shared_ptr<session::Session::Owner> owner(std::shared_ptr<void>(), this);
  auto session = std::make_shared<session::Session>(id, std::move(socket), settings_.session,
                                                    std::move(owner), desk());
  seats_.emplace(id, Seat{session, std::move(ticket)});
  gateway_.enter(*session);
  counters_.connections_accepted.add();
  counters_.connections.set(static_cast<double>(seats_.size()));
  observer_.on_open(id, address);
  session->start(already_read);
  if (draining_) {
    session->close(drain_code_, "the server is closing");
  }
}

void Loop::on_message(session::Session& session, frame::Opcode kind, std::string_view payload) {
  if (kind == frame::Opcode::Text) {
    gateway_.on_text(session, payload);
  } else {
    session.close(frame::close_unsupported, "JSON-RPC comes in text messages");
  }
}

void Loop::on_drained(session::Session& session) {
  gateway_.on_drained(session);
}

void Loop::on_closing(session::Session& session) {
  gateway_.leave(session);
}

void Loop::on_closed(session::Session& session, std::uint16_t code, std::string_view reason) {
  const std::uint64_t id = session.id();
  counters_.connections_closed.add();
  observer_.on_closed(id, code, reason);
  seats_.erase(id);
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

void Loop::drain(std::uint16_t code, std::move_only_function<void()> on_done) {
  asio::post(context_, [this, code, on_done = std::move(on_done)]() mutable {
    begin_drain(code, std::move(on_done));
  });
}

void Loop::begin_drain(std::uint16_t code, std::move_only_function<void()> on_done) {
  draining_ = true;
  drain_code_ = code;
  on_drain_done_ = std::move(on_done);
  drain_timer_.expires_after(std::chrono::milliseconds(settings_.drain_ms));
  drain_timer_.async_wait([this](net::ErrorCode failure) {
    if (!failure) {
      finish_drain();
    }
  });
  gateway_.drain([this] { close_all(); });
}

void Loop::close_all() {
  std::vector<std::shared_ptr<session::Session>> sessions;
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
