// plugins/transport_ws/server/tcp.cpp - the loop's part for connections that speak lines or
// lengths: no request comes before their first message.
#include <string>
#include <utility>

#include <boost/asio/post.hpp>

#include "server/arrival.hpp"
#include "server/loop.hpp"
#include "tcp/greeting.hpp"
#include "tcp/session.hpp"

namespace transport_ws::server {

void Loop::adopt_tcp(net::Stream socket, net::Admission::Ticket ticket, std::size_t listener) {
  auto arrival = std::make_shared<Arrival>();
  arrival->ticket = std::move(ticket);
  arrival->route = table_.routes().size() + listener;
  asio::post(context_, [this, socket = std::move(socket), arrival]() mutable {
    arrival->address = address_of(socket);
    if (!socket.secured()) {
      welcome_tcp(arrival, std::move(socket), {});
      return;
    }
    const auto greeting =
        std::make_shared<tcp::Greeting>(std::move(socket), desk(), settings_.handshake_ms);
    greeting->start(
        [this, arrival](net::Stream secured, const std::string& already_read) {
          welcome_tcp(arrival, std::move(secured), already_read);
        },
        [this, arrival](std::string_view how) { on_exchange_end(*arrival, how); });
  });
}

void Loop::hang_up(net::Stream socket, std::string_view reason, session::Rejection why) {
  asio::post(context_, [this, socket = std::move(socket), reason, why] {
    reject(address_of(socket), reason, why);
  });
}

// What a request shows elsewhere is the certificate alone here.
void Loop::welcome_tcp(const std::shared_ptr<Arrival>& arrival, net::Stream socket,
                       const std::string& already_read) {
  if (authenticator_.mode() != auth::Mode::None) {
    arrival->evidence.address = arrival->address;
    arrival->evidence.path = "tcp:" + route_at(arrival->route).name;
    arrival->evidence.certificate = socket.peer();
  }
  if (!authenticator_.asks_before_upgrade(arrival->evidence)) {
    open_tcp(arrival, std::move(socket), already_read);
    return;
  }
  authenticator_.authenticate(arrival->evidence,
                              [this, arrival, socket = std::move(socket),
                               already_read](bp::result<auth::Principal> verdict) mutable {
                                const auto let_in = let_in_as(*arrival, std::move(verdict));
                                if (!let_in) {
                                  reject(arrival->address, let_in.error().reason, arrival->why);
                                  return;
                                }
                                open_tcp(arrival, std::move(socket), already_read);
                              });
}

void Loop::open_tcp(const std::shared_ptr<Arrival>& arrival, net::Stream socket,
                    std::string_view already_read) {
  const auto& settings = settings_.tcp[arrival->route - table_.routes().size()].session;
  take_seat(*arrival,
            std::make_shared<tcp::Session>(next_id(), std::move(socket), settings,
                                           owner_of(*arrival), desk()),
            already_read);
}

}  // namespace transport_ws::server
