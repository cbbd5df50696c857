// plugins/transport_ws/server/routes.cpp - /metrics only, and not more often than the limit at
// once.
#include "server/routes.hpp"

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "server/scrape.hpp"

namespace transport_ws::server {

namespace {

http::Response plain(unsigned status, std::string body) {
  return {status, "text/plain; charset=utf-8", std::move(body), {}};
}

}  // namespace

void Routes::on_request(const std::shared_ptr<http::Exchange>& exchange,
                        const http::Request& request) {
  const std::string_view path =
      std::string_view(request.target).substr(0, request.target.find('?'));
  if (path != "/metrics") {
    exchange->answer(plain(404, "there is only /metrics here\n"));
  } else if (request.method != "GET") {
    http::Response response = plain(405, "only GET is understood here\n");
    response.fields.push_back({"Allow", "GET"});
    exchange->answer(response);
  } else {
    metrics(exchange, request);
  }
}

void Routes::metrics(const std::shared_ptr<http::Exchange>& exchange,
                     const http::Request& request) {
  if (in_flight_ >= in_flight_max_) {
    exchange->answer(plain(503, fmt::format("{} scrapes are under way already\n", in_flight_)));
    return;
  }
  ++in_flight_;
  // Given back with the scrape's last word, whatever that is.
  const std::shared_ptr<const void> place(this,
                                          [alive = std::weak_ptr(alive_)](Routes* routes) noexcept {
                                            if (!alive.expired()) {
                                              --routes->in_flight_;
                                            }
                                          });
  std::make_shared<Scrape>(bus_, exchange, timeout_ms_, place)->start(request);
}

}  // namespace transport_ws::server
