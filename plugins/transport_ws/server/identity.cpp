// plugins/transport_ws/server/identity.cpp - the loop binds connections to principals: what they
// may enter, how many they may have, how long they may stay.
#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "server/arrival.hpp"
#include "server/loop.hpp"

namespace transport_ws::server {

namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

// The system's clock may be set while we wait: it is looked at again this often.
constexpr milliseconds clock_look{30'000};

auth::Time now() {
  return std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
}

}  // namespace

std::expected<void, http::Refusal> Loop::let_in_as(Arrival& arrival,
                                                   bp::result<auth::Principal> verdict) {
  if (!verdict) {
    arrival.why = verdict.error().code() == BP_E_PERMISSION ? session::Rejection::Credentials
                                                            : session::Rejection::Undecided;
    return std::unexpected(auth::refusal_of(verdict.error()));
  }
  auto place = grant(arrival.route, *verdict);
  if (!place) {
    const bool forbidden = place.error().code() == BP_E_PERMISSION;
    arrival.why = forbidden ? session::Rejection::Forbidden : session::Rejection::Principal;
    return std::unexpected(http::Refusal{forbidden ? 403U : 429U, place.error().message()});
  }
  arrival.place = std::move(*place);
  arrival.principal = std::move(*verdict);
  return {};
}

bp::result<auth::Census::Place> Loop::grant(std::size_t route, const auth::Principal& principal) {
  if (principal.expires && *principal.expires <= now()) {
    return bp::fail(BP_E_PERMISSION, "the credentials have expired");
  }
  const route::Route& to = route_at(route);
  const std::string channel = "ws.in." + to.name;
  if (to.to == route::To::Channel && !principal.may_publish(channel)) {
    return bp::fail(BP_E_PERMISSION,
                    fmt::format("'{}' may not publish to '{}'", principal.name, channel));
  }
  if (settings_.census == nullptr) {
    return auth::Census::Place();
  }
  auto place = settings_.census->enter(principal.name);
  if (!place) {
    return bp::fail(BP_E_BUSY, "too many connections of this principal");
  }
  return std::move(*place);
}

bp::result<void> Loop::identify(session::Connection& session, std::size_t route,
                                auth::Principal principal) {
  auto place = grant(route, principal);
  if (!place) {
    return std::unexpected(std::move(place).error());
  }
  observer_.on_identified(session.id(), principal.name);
  settle(session, std::move(principal), std::move(*place));
  return {};
}

void Loop::settle(session::Connection& session, auth::Principal principal,
                  auth::Census::Place place) {
  Seat& seat = seats_.at(session.id());
  seat.place = std::make_unique<auth::Census::Place>(std::move(place));
  const bool expires = principal.expires.has_value();
  session.identify(std::make_unique<const auth::Principal>(std::move(principal)));
  if (expires && seat.term == nullptr) {
    seat.term = std::make_unique<Term>(net::Timer(context_), Steady::time_point::max());
  }
  if (expires) {
    await_term(session.id());
  }
}

// Up to a tenth earlier, so that clients that came together do not all come back together.
void Loop::begin_term(std::uint64_t connection) {
  constexpr std::uint64_t earlier_part = 10;
  if (settings_.lifetime_ms == 0) {
    return;
  }
  const std::uint64_t earlier = session::random_mask() % (settings_.lifetime_ms / earlier_part + 1);
  const auto end = Steady::now() + milliseconds(settings_.lifetime_ms - earlier);
  seats_.at(connection).term = std::make_unique<Term>(net::Timer(context_), end);
  await_term(connection);
}

void Loop::await_term(std::uint64_t connection) {
  const auto found = seats_.find(connection);
  if (found == seats_.end()) {
    return;
  }
  const auto session = found->second.session;
  Term& term = *found->second.term;
  const auto* principal = session->principal();
  milliseconds wait = clock_look;
  if (principal != nullptr && principal->expires) {
    wait = std::min(wait, std::chrono::duration_cast<milliseconds>(*principal->expires - now()));
    if (wait <= milliseconds::zero()) {
      session->close(route::close_expired,
                     "the credentials have expired; connect again with new ones");
      return;
    }
  }
  if (term.end != Steady::time_point::max()) {
    wait = std::min(wait, std::chrono::ceil<milliseconds>(term.end - Steady::now()));
    if (wait <= milliseconds::zero()) {
      session->close(frame::close_service_restart, "limits.lifetime reached; connect again");
      return;
    }
  }
  term.timer.expires_after(wait);
  term.timer.async_wait([this, connection](net::ErrorCode cancelled) {
    if (!cancelled) {
      await_term(connection);
    }
  });
}

}  // namespace transport_ws::server
