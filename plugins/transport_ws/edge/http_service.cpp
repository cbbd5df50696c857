// plugins/transport_ws/edge/http_service.cpp - the methods, and the way to the io threads.
#include "edge/http_service.hpp"

#include <memory>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "edge/http_configuration.hpp"
#include "edge/text.hpp"

namespace transport_ws::edge {

namespace {

// To a caller nothing is wrong with the configuration.
bp::error to_caller(const bp::error& why) {
  return {BP_E_INVALID, why.message()};
}

EndpointConfiguration wanted_of(const http_contract::RouteRequest& request) {
  EndpointConfiguration wanted;
  wanted.method = text_of(request.method());
  wanted.path = text_of(request.path());
  wanted.call = text_of(request.call());
  if (request.query() != nullptr) {
    for (const flatbuffers::String* name : *request.query()) {
      wanted.query.push_back(name->str());
    }
  }
  if (request.timeout_ms() != 0) {
    wanted.timeout = std::chrono::milliseconds(request.timeout_ms());
  }
  return wanted;
}

/// A watch that ends with the task that began it, also when that is given up.
class Closing {
 public:
  explicit Closing(bp::registry_watch watch) : watch_(watch) {}

  Closing(const Closing&) = delete;
  Closing& operator=(const Closing&) = delete;

  ~Closing() { watch_.close(); }

 private:
  bp::registry_watch watch_;
};

std::string name_of(const rest::Parameter& parameter) {
  return parameter.number ? parameter.name + ":number" : parameter.name;
}

}  // namespace

HttpService::HttpService(bp::context& cx, const server::Settings& settings,
                         rest::DirectorySettings policy, server::Server& server)
    : cx_(cx),
      directory_(settings.http, settings.counter.health_path, std::string(cx.instance_id()),
                 std::move(policy)),
      server_(server),
      timeout_default_ms_(settings.gateway.call_timeout_ms),
      credentials_(settings.auth.places.query) {}

bp::result<void> HttpService::watch() {
  BP_TRY(cx_.try_watch_registry(
      "*", [this](const bp::registry_change& change) { hear(change); }, BP_REGISTRY_SERVICE));
  return {};
}

void HttpService::hear(const bp::registry_change& change) {
  if (change.news != bp::registry_news::snapshot_end) {
    const bool gone = change.news == bp::registry_news::gone;
    directory_.set_provider(fmt::format("{}/{}", change.name, change.major),
                            gone ? std::string() : std::string(change.instance));
  }
}

// Names are told one by one and calls come between them: so a route may be wanted before it was
// heard who provides its service. A watch of that name alone has heard it at its snapshot's end.
bp::task<bp::result<void>> HttpService::look_up(std::string service) {
  auto heard = cx_.completion<bool>();
  auto arrival = heard.arrival();
  const auto watch = cx_.try_watch_registry(
      service.substr(0, service.rfind('/')),
      [this, heard = std::move(heard)](const bp::registry_change& change) mutable {
        hear(change);
        if (change.news == bp::registry_news::snapshot_end) {
          heard.set(true);
        }
      },
      BP_REGISTRY_SERVICE);
  BP_CO_TRY(watch);
  const Closing closing(*watch);
  BP_CO_TRY(co_await arrival);
  co_return bp::result<void>();
}

bp::task<bp::result<void>> HttpService::publish() {
  bp::completion<bool> done(cx_.strand());
  auto arrival = done.arrival();
  server_.serve(std::make_shared<const rest::Table>(directory_.table()), directory_.made(),
                [done = std::move(done)]() mutable { done.set(true); });
  BP_CO_TRY(co_await arrival);
  co_return bp::result<void>();
}

bp::task<bp::result<http_contract::RouteReplyT>> HttpService::route(
    const http_contract::RouteRequest& request, bp::call on) {
  const auto owner = on.caller();
  BP_CO_TRY(owner);
  const EndpointConfiguration wanted = wanted_of(request);
  if (request.timeout_ms() > call_timeout_ms_max) {
    co_return bp::fail(BP_E_INVALID,
                       fmt::format("'timeout_ms' must be at most {}", call_timeout_ms_max));
  }
  auto endpoint = endpoint_of("", wanted, timeout_default_ms_, credentials_);
  if (!endpoint) {
    co_return std::unexpected(to_caller(endpoint.error()));
  }
  if (rest::has_dot_segment(wanted.path)) {
    co_return bp::fail(BP_E_INVALID, "'path' has a segment '.' or '..', which others read away");
  }
  BP_CO_TRY(directory_.check_place(*endpoint, *owner));
  BP_CO_TRY(co_await look_up(endpoint->service));
  const auto replaced = directory_.add(std::move(*endpoint), *owner);
  BP_CO_TRY(replaced);
  cx_.info("plain requests are routed", "method", wanted.method, "path", wanted.path, "call",
           wanted.call, "owner", *owner);
  BP_CO_TRY(co_await publish());
  http_contract::RouteReplyT reply;
  reply.replaced = *replaced;
  co_return reply;
}

bp::task<bp::result<http_contract::UnrouteReplyT>> HttpService::unroute(
    const http_contract::UnrouteRequest& request, bp::call on) {
  const auto caller = on.caller();
  BP_CO_TRY(caller);
  const std::string method = text_of(request.method());
  const auto pattern = rest::Pattern::parse(text_of(request.path()));
  if (!pattern) {
    co_return std::unexpected(to_caller(pattern.error()));
  }
  BP_CO_TRY(directory_.remove(method, *pattern, *caller));
  cx_.info("plain requests are not routed any more", "method", method, "path", pattern->text(),
           "by", *caller);
  BP_CO_TRY(co_await publish());
  co_return http_contract::UnrouteReplyT();
}

bp::result<http_contract::ListReplyT> HttpService::list(
    const http_contract::ListRequest& /*none*/) const {
  http_contract::ListReplyT reply;
  for (const rest::Directory::Route& route : directory_.list()) {
    const rest::Endpoint& from = *route.endpoint;
    auto& to = *reply.routes.emplace_back(std::make_unique<http_contract::RouteInfoT>());
    to.method = from.verb;
    to.path = from.pattern.text();
    to.call = from.service + "." + from.method;
    for (const rest::Parameter& parameter : from.query) {
      to.query.push_back(name_of(parameter));
    }
    to.timeout_ms = from.timeout_ms;
    to.configured = route.configured;
    to.owner = route.owner;
    to.served = from.served == nullptr || from.served->load(std::memory_order_relaxed);
  }
  return reply;
}

}  // namespace transport_ws::edge
