// plugins/transport_ws/server/routes.cpp - /metrics asks bp.metrics.export/1 and hands its text on.
#include "server/routes.hpp"

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "json/json.hpp"

namespace transport_ws::server {

namespace {

constexpr std::string_view export_service = "bp.metrics.export/1";
constexpr std::string_view render_method = "Render";
constexpr std::string_view text_format = "text/plain; version=0.0.4; charset=utf-8";

http::Response plain(unsigned status, std::string body) {
  return {status, "text/plain; charset=utf-8", std::move(body), {}};
}

http::Response rendered(const bp::result<std::string>& reply) {
  if (!reply) {
    return plain(503, fmt::format("no metrics now: {}\n", reply.error().text()));
  }
  const auto page = json::read(*reply);
  const json::Child* text = page ? page->find("text") : nullptr;
  if (text == nullptr || text->kind != json::Kind::String) {
    return plain(502,
                 fmt::format("{} {} answered without 'text'\n", export_service, render_method));
  }
  const json::Child* type = page->find("content_type");
  const bool typed = type != nullptr && type->kind == json::Kind::String;
  return {200,
          typed ? json::unquoted(type->text) : std::string(text_format),
          json::unquoted(text->text),
          {}};
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
  const std::string arguments =
      fmt::format(R"({{"accept":{}}})", json::quoted(request.field("Accept")));
  bus_.call(export_service, render_method, arguments, timeout_ms_,
            [this, alive = std::weak_ptr(alive_), exchange](const bp::result<std::string>& reply) {
              if (!alive.expired()) {
                --in_flight_;
              }
              exchange->answer(rendered(reply));
            });
}

}  // namespace transport_ws::server
