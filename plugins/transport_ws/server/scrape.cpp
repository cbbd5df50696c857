// plugins/transport_ws/server/scrape.cpp - one reply of the exporter is one answer, or one chunk of
// it.
#include "server/scrape.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "json/base64.hpp"
#include "json/json.hpp"

namespace transport_ws::server {

namespace {

constexpr std::string_view export_service = "bp.metrics.export/1";
constexpr std::string_view render_method = "Render";
constexpr std::string_view text_format = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::uint32_t piece_bytes = std::uint32_t{512} << 10U;

http::Response plain(unsigned status, std::string body) {
  return {status, "text/plain; charset=utf-8", std::move(body), {}};
}

std::optional<std::string> text_of(const json::Value& page, std::string_view name) {
  const json::Child* child = page.find(name);
  return child != nullptr && child->kind == json::Kind::String
             ? std::optional(json::unquoted(child->text))
             : std::nullopt;
}

}  // namespace

Scrape::Scrape(rpc::Bus& bus, std::shared_ptr<http::Exchange> exchange, std::uint32_t timeout_ms,
               std::shared_ptr<const void> place)
    : bus_(bus),
      exchange_(std::move(exchange)),
      timeout_ms_(timeout_ms),
      place_(std::move(place)) {}

void Scrape::start(const http::Request& request) {
  version_ = request.version;
  ask(fmt::format(R"({{"accept":{},"accept_encoding":{},"chunk_bytes":{}}})",
                  json::quoted(request.field("Accept")),
                  json::quoted(request.field("Accept-Encoding")), piece_bytes));
}

void Scrape::ask(const std::string& arguments) {
  bus_.call(
      export_service, render_method, arguments, timeout_ms_, nullptr,
      [self = shared_from_this()](const bp::result<std::string>& reply) { self->on_reply(reply); });
}

bp::result<Scrape::Piece> Scrape::read(std::string_view reply) {
  const auto page = json::read(reply);
  if (!page) {
    return std::unexpected(page.error());
  }
  Piece piece;
  piece.response = {200, text_of(*page, "content_type").value_or(std::string(text_format)), {}, {}};
  const auto encoding = text_of(*page, "content_encoding");
  auto body = text_of(*page, encoding ? "body" : "text");
  if (encoding) {
    piece.response.fields.push_back({"Content-Encoding", *encoding});
    body = json::from_base64(body.value_or(""));
  }
  if (!body) {
    return bp::fail(BP_E_SCHEMA, fmt::format("{} {} answered without '{}'", export_service,
                                             render_method, encoding ? "body" : "text"));
  }
  piece.response.body = std::move(*body);
  const json::Child* next = page->find("next");
  piece.next = next == nullptr ? 0 : json::to_uint(next->text).value_or(0);
  return piece;
}

void Scrape::on_reply(const bp::result<std::string>& reply) {
  if (!reply) {
    // What has begun can only be cut: the missing last chunk tells the client.
    begun_
        ? exchange_->end("exporter failed")
        : exchange_->answer(plain(503, fmt::format("no metrics now: {}\n", reply.error().text())));
    return;
  }
  auto piece = read(*reply);
  if (!piece) {
    begun_ ? exchange_->end("exporter failed")
           : exchange_->answer(plain(502, piece.error().text() + "\n"));
  } else if (begun_) {
    further(*piece);
  } else {
    first(std::move(*piece));
  }
}

void Scrape::first(Piece piece) {
  if (piece.next == 0) {
    exchange_->answer(piece.response);
    return;
  }
  begun_ = true;
  go_on(http::chunked_head(piece.response, version_) + http::chunk(piece.response.body, version_),
        piece.next);
}

void Scrape::further(const Piece& piece) {
  // An empty chunk would be the end, and gzip may have nothing to give yet.
  std::string bytes =
      piece.response.body.empty() ? std::string() : http::chunk(piece.response.body, version_);
  if (piece.next == 0) {
    exchange_->finish(std::move(bytes) + http::chunk({}, version_));
  } else {
    go_on(std::move(bytes), piece.next);
  }
}

void Scrape::go_on(std::string bytes, std::uint64_t next) {
  exchange_->stream(std::move(bytes), [self = shared_from_this(), next] {
    self->ask(fmt::format(R"({{"cursor":{}}})", next));
  });
}

}  // namespace transport_ws::server
