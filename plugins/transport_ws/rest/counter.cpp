// plugins/transport_ws/rest/counter.cpp - dispatching, calling, answering.
#include "rest/counter.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "http/failure.hpp"
#include "http/sharing.hpp"
#include "http/trace_parent.hpp"
#include "json/json.hpp"
#include "rpc/envelope.hpp"

namespace transport_ws::rest {

namespace {

constexpr std::string_view origin_refused = "origin not allowed";
constexpr std::uint32_t answer_grace_ms = 1'000;  // for writing, behind the call's own time

http::Response failed(const bp::error& failure) {
  std::string context;
  for (const std::string& link : failure.context()) {
    context += context.empty() ? "" : ",";
    context += json::quoted(link);
  }
  return http::failure(status_of(failure.code()), rpc::code_name(failure.code()), failure.message(),
                       context);
}

std::string allowed(std::vector<std::string_view> verbs) {
  if (std::ranges::find(verbs, "GET") != verbs.end()) {
    verbs.emplace_back("HEAD");
  }
  verbs.emplace_back("OPTIONS");
  std::ranges::sort(verbs);
  const auto twins = std::ranges::unique(verbs);
  verbs.erase(twins.begin(), twins.end());
  return fmt::format("{}", fmt::join(verbs, ", "));
}

}  // namespace

// A request until its answer.
struct Counter::Visit {
  std::shared_ptr<http::Exchange> exchange;
  SharedEndpoint endpoint;
  std::string arguments;
  std::optional<bp::trace_context> trace;
};

bool Counter::serve(const std::shared_ptr<http::Exchange>& exchange, const http::Request& request,
                    const std::string& address) {
  const std::string_view target = request.target;
  const std::string_view path = target.substr(0, target.find('?'));
  const std::shared_ptr<const Table> table = parts_.table;
  Table::Hit hit = table->find(request.method, path);
  const bool of_health =
      hit.verbs.empty() && !settings_.health_path.empty() && path == settings_.health_path;
  if (of_health) {
    hit.verbs.emplace_back("GET");
  }
  if (hit.verbs.empty()) {
    return false;
  }
  if (of_health && (request.method == "GET" || request.method == "HEAD")) {
    exchange->serve(health());
  } else if (request.method == "OPTIONS") {
    exchange->serve(options(request, std::move(hit.verbs)));
  } else if (hit.endpoint != nullptr) {
    receive(exchange, request, std::move(hit), address);
  } else {
    http::Response response = http::failure({405, "not with this method; see 'Allow'"});
    response.fields.push_back({"Allow", allowed(std::move(hit.verbs))});
    exchange->serve(response);
  }
  return true;
}

// A browser asks before it knows any credentials, so none are wanted.
http::Response Counter::options(const http::Request& request,
                                std::vector<std::string_view> verbs) const {
  const bool preflight = http::is_preflight(request);
  if (preflight && !parts_.origins.allows(request.field("Origin"))) {
    return http::failure({403, std::string(origin_refused)});
  }
  const std::string methods = allowed(std::move(verbs));
  http::Response response;
  response.status = 204;
  if (preflight) {
    response.fields = http::preflight_fields(methods);
  }
  response.fields.push_back({"Allow", methods});
  return response;
}

http::Response Counter::health() const {
  http::Response response;
  response.status = draining_ ? 503 : 200;
  response.content_type = http::json_type;
  response.body = draining_ ? R"({"status":"closing"})" : R"({"status":"ok"})";
  return response;
}

void Counter::receive(const std::shared_ptr<http::Exchange>& exchange, const http::Request& request,
                      Table::Hit hit, const std::string& address) {
  if (draining_) {
    exchange->serve(http::failure({503, "the server is closing; connect again"}));
    return;
  }
  if (request.has("Origin") && !parts_.origins.allows(request.field("Origin"))) {
    exchange->serve(http::failure({403, std::string(origin_refused)}));
    return;
  }
  if (in_flight_ >= settings_.in_flight_max) {
    exchange->serve(http::failure({503, fmt::format("{} requests are under way already; try again",
                                                    settings_.in_flight_max)}));
    return;
  }
  auto arguments =
      arguments_of(*hit.endpoint, hit.values, request, parts_.authenticator.query_parameter());
  if (!arguments) {
    exchange->serve(http::failure(arguments.error()));
    return;
  }
  ++in_flight_;
  const auto visit = std::make_shared<Visit>(exchange, std::move(hit.endpoint),
                                             std::move(*arguments), http::trace_parent_of(request));
  auth::Authenticator& authenticator = parts_.authenticator;
  if (authenticator.mode() == auth::Mode::None) {
    call(visit);
    return;
  }
  exchange->allow(authenticator.deadline_ms() + answer_grace_ms);
  authenticator.authenticate(
      auth::evidence_of(request, address, exchange->peer()),
      [this, alive = std::weak_ptr(alive_), visit](const bp::result<auth::Principal>& verdict) {
        if (!alive.expired()) {
          judge(visit, verdict);
        }
      });
}

void Counter::judge(const std::shared_ptr<Visit>& visit,
                    const bp::result<auth::Principal>& verdict) {
  const Endpoint& wanted = *visit->endpoint;
  if (!verdict) {
    answer(*visit, http::failure(auth::refusal_of(verdict.error())));
  } else if (!verdict->may_call(wanted.service, wanted.method)) {
    answer(*visit,
           failed(auth::not_allowed(*verdict, "call", wanted.service + "." + wanted.method)));
  } else {
    call(visit);
  }
}

void Counter::call(const std::shared_ptr<Visit>& visit) {
  const Endpoint& wanted = *visit->endpoint;
  if (wanted.served != nullptr && !wanted.served->load(std::memory_order_relaxed)) {
    answer(*visit,
           http::failure(
               {503, fmt::format("'{}' is not provided now by whose route this is; try again",
                                 wanted.service)}));
    return;
  }
  visit->exchange->allow(wanted.timeout_ms + answer_grace_ms);
  parts_.bus.call(
      wanted.service, wanted.method, visit->arguments, wanted.timeout_ms,
      visit->trace ? &*visit->trace : nullptr,
      [this, alive = std::weak_ptr(alive_), visit](const bp::result<std::string>& reply) {
        if (alive.expired()) {
          return;
        }
        http::Response response;
        if (reply) {
          response.content_type = http::json_type;
          response.body = reply->empty() ? "null" : *reply;
        } else {
          response = failed(reply.error());
        }
        answer(*visit, response);
      });
}

void Counter::answer(const Visit& visit, const http::Response& response) {
  visit.exchange->serve(response);
  if (--in_flight_ == 0 && on_idle_) {
    std::exchange(on_idle_, nullptr)();
  }
}

void Counter::drain(std::move_only_function<void()> on_idle) {
  draining_ = true;
  if (in_flight_ == 0) {
    on_idle();
  } else {
    on_idle_ = std::move(on_idle);
  }
}

}  // namespace transport_ws::rest
