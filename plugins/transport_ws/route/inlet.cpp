// plugins/transport_ws/route/inlet.cpp - publishing, holding the reader back, telling of refusals.
#include "route/inlet.hpp"

#include <utility>

#include <fmt/format.h>

#include "auth/principal.hpp"
#include "json/base64.hpp"
#include "json/json.hpp"

namespace transport_ws::route {

struct Inlet::Guest {
  session::Connection* session;                  // null: it has left
  std::move_only_function<void()> on_all_taken;  // once
  std::uint32_t in_flight = 0;
  bool held = false;
};

std::string record_of(std::uint64_t connection, std::string_view principal, frame::Opcode kind,
                      std::string_view payload) {
  const std::string who =
      principal.empty() ? std::string() : R"("principal":)" + json::quoted(principal) + ",";
  return kind == frame::Opcode::Text
             ? fmt::format(R"({{"connection":{},{}"kind":"text","text":{}}})", connection, who,
                           json::quoted(payload))
             : fmt::format(R"({{"connection":{},{}"kind":"binary","base64":"{}"}})", connection,
                           who, json::to_base64(payload));
}

Inlet::Inlet(Doorkeeper& doorkeeper, rpc::Bus& bus, std::string channel,
             std::uint32_t in_flight_max)
    : Room(doorkeeper),
      bus_(bus),
      channel_(std::move(channel)),
      in_flight_max_(in_flight_max),
      alive_(std::make_shared<const bool>(true)) {}

Inlet::~Inlet() = default;

void Inlet::enter(session::Connection& session) {
  guests_.emplace(session.id(), std::make_shared<Guest>(&session));
}

void Inlet::on_message(session::Connection& session, frame::Opcode kind, std::string_view payload) {
  const auto found = guests_.find(session.id());
  if (found == guests_.end()) {
    return;
  }
  const std::shared_ptr<Guest>& guest = found->second;
  flights_.begin();
  if (++guest->in_flight >= in_flight_max_ && !guest->held) {
    guest->held = true;
    session.hold_reading();
  }
  const auth::Principal* who = session.principal();
  bus_.publish(
      channel_,
      record_of(session.id(), who != nullptr ? std::string_view(who->name) : std::string_view(),
                kind, payload),
      [this, alive = std::weak_ptr(alive_), guest](const bp::result<std::string>& taken) {
        if (!alive.expired()) {
          on_taken(*guest, taken);
        }
      });
}

void Inlet::on_taken(Guest& guest, const bp::result<std::string>& taken) {
  if (guest.session != nullptr && !taken) {
    guest.session->close(frame::close_try_again_later,
                         fmt::format("{}: {}", channel_, taken.error().message()));
  }
  if (guest.session == nullptr) {
    return;
  }
  --guest.in_flight;
  if (guest.held && guest.in_flight <= in_flight_max_ / 2) {
    guest.held = false;
    guest.session->go_on_reading();
  }
  if (guest.in_flight == 0 && guest.on_all_taken) {
    std::exchange(guest.on_all_taken, nullptr)();
  }
  flights_.end();
}

// A message that is refused after the last one was said is told of all the same.
void Inlet::on_said_all(session::Connection& session, std::move_only_function<void()> done) {
  const auto found = guests_.find(session.id());
  if (found == guests_.end() || found->second->in_flight == 0) {
    done();
  } else {
    found->second->on_all_taken = std::move(done);
  }
}

void Inlet::leave(session::Connection& session) {
  const auto node = guests_.extract(session.id());
  if (!node.empty()) {
    node.mapped()->session = nullptr;
    flights_.end(std::exchange(node.mapped()->in_flight, 0));
  }
}

void Inlet::drain(std::move_only_function<void()> on_idle) {
  flights_.when_idle(std::move(on_idle));
}

}  // namespace transport_ws::route
