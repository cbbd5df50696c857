// plugins/transport_ws/server/plain.cpp - the loop's plain requests that no endpoint answers: those
// of the second listener, and those that lead nowhere.
#include <memory>
#include <string_view>
#include <utility>

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "frame/utf8.hpp"
#include "http/failure.hpp"
#include "server/loop.hpp"

namespace transport_ws::server {

void Loop::adopt_http(net::Stream socket, net::Admission::Ticket ticket) {
  auto held = std::make_shared<net::Admission::Ticket>(std::move(ticket));
  asio::post(context_, [this, socket = std::move(socket), held]() mutable {
    const auto exchange = std::make_shared<http::Exchange>(
        std::move(socket), desk(), settings_.http_timeout_ms, settings_.header_bytes_max);
    exchange->start([this](const auto& self,
                           const http::Request& request) { routes_.on_request(self, request); },
                    [held](std::string_view /*how*/) {});
  });
}

// A route to every path leads nowhere in particular: who asks for one of them that is not '/' has
// mistyped, or asks for what is gone.
void Loop::turn_plain(http::Exchange& exchange, const http::Request& request) const {
  const std::string_view target = request.target;
  const std::string_view path = target.substr(0, target.find('?'));
  const std::size_t place = table_.find(target);
  const bool some = place < table_.routes().size();
  if (some && (table_.routes()[place].path == path || path == "/")) {
    exchange.refuse({426, "this is a WebSocket endpoint: connect with a WebSocket client"});
    return;
  }
  const std::string_view shown = path.substr(0, name_bytes_max);
  exchange.serve(http::failure(
      {404, fmt::format("nothing is served at {}{}",
                        frame::is_utf8(shown) ? fmt::format("'{}'", shown) : "this path",
                        some ? " to plain requests" : "")}));
}

}  // namespace transport_ws::server
