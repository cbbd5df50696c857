// plugins/transport_ws/server/identity.cpp - the loop binds connections to principals: what they
// may enter, how many they may have, how long they may stay.
#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "server/loop.hpp"

namespace transport_ws::server {

namespace {

using std::chrono::milliseconds;

// The system's clock may be set while we wait: it is looked at again this often.
constexpr milliseconds clock_look{30'000};

auth::Time now() {
  return std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
}

}  // namespace

bp::result<auth::Census::Place> Loop::grant(std::size_t route, const auth::Principal& principal) {
  if (principal.expires && *principal.expires <= now()) {
    return bp::fail(BP_E_PERMISSION, "the credentials have expired");
  }
  const route::Route& to = table_.routes()[route];
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

bp::result<void> Loop::identify(session::Session& session, std::size_t route,
                                auth::Principal principal) {
  auto place = grant(route, principal);
  if (!place) {
    return std::unexpected(std::move(place).error());
  }
  observer_.on_identified(session.id(), principal.name);
  settle(session, std::move(principal), std::move(*place));
  return {};
}

void Loop::settle(session::Session& session, auth::Principal principal, auth::Census::Place place) {
  Seat& seat = seats_.at(session.id());
  seat.place = std::move(place);
  const bool expires = principal.expires.has_value();
  session.identify(std::make_unique<const auth::Principal>(std::move(principal)));
  if (expires) {
    seat.term = std::make_unique<net::Timer>(context_);
    await_expiry(session.id());
  }
}

void Loop::await_expiry(std::uint64_t connection) {
  const auto found = seats_.find(connection);
  if (found == seats_.end()) {
    return;
  }
  const Seat& seat = found->second;
  const milliseconds left = *seat.session->principal()->expires - now();
  if (left <= milliseconds::zero()) {
    const auto session = seat.session;
    session->close(route::close_expired,
                   "the credentials have expired; connect again with new ones");
    return;
  }
  seat.term->expires_after(std::min(left, clock_look));
  seat.term->async_wait([this, connection](net::ErrorCode cancelled) {
    if (!cancelled) {
      await_expiry(connection);
    }
  });
}

}  // namespace transport_ws::server
