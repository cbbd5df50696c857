// plugins/transport_ws/route/antechamber.cpp - waiting for the first message, and its verdict.
#include "route/antechamber.hpp"

#include <chrono>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "frame/codec.hpp"
#include "json/json.hpp"
#include "rpc/envelope.hpp"

namespace transport_ws::route {

namespace {

frame::Frame text_frame(std::string_view text) {
  return std::make_shared<const std::string>(frame::encode_frame(frame::Opcode::Text, text));
}

std::string accepted(const std::string& id, const auth::Principal& principal) {
  std::string result = fmt::format(R"({{"principal":{})", json::quoted(principal.name));
  if (principal.expires) {
    result += fmt::format(R"(,"expires_ms":{})", principal.expires->time_since_epoch().count());
  }
  return rpc::result(id, result + '}');
}

}  // namespace

struct Antechamber::Guest {
  struct Message {
    frame::Opcode kind;
    std::string payload;
  };

  Guest(session::Connection& of, std::size_t to, auth::Evidence shown, asio::io_context& context)
      : session(&of), route(to), evidence(std::move(shown)), deadline(context) {}

  session::Connection* session;  // null: it has gone
  std::size_t route;
  auth::Evidence evidence;
  net::Timer deadline;
  std::string id;  // of its request; empty: it wants no answer
  std::vector<Message> waiting;
  bool asked = false;
};

Antechamber::Antechamber(Doorkeeper& doorkeeper, Doors& doors, asio::io_context& context,
                         auth::Authenticator& authenticator)
    : Room(doorkeeper),
      doors_(doors),
      context_(context),
      authenticator_(authenticator),
      alive_(std::make_shared<const bool>(true)) {}

Antechamber::~Antechamber() = default;

void Antechamber::expect(session::Connection& session, std::size_t route, auth::Evidence evidence) {
  const auto guest = std::make_shared<Guest>(session, route, std::move(evidence), context_);
  guests_.emplace(session.id(), guest);
  guest->deadline.expires_after(std::chrono::milliseconds(authenticator_.deadline_ms()));
  guest->deadline.async_wait([weak = std::weak_ptr(guest)](net::ErrorCode cancelled) {
    const auto late = weak.lock();
    if (!cancelled && late && late->session != nullptr) {
      late->session->close(close_unauthenticated, "no valid 'authenticate' came in time");
    }
  });
}

void Antechamber::leave(session::Connection& session) {
  const auto node = guests_.extract(session.id());
  if (!node.empty()) {
    node.mapped()->session = nullptr;
    node.mapped()->deadline.cancel();
  }
}

// What follows the first message waits, and no more is read: it is bounded by one read.
void Antechamber::on_message(session::Connection& session, frame::Opcode kind,
                             std::string_view payload) {
  const auto found = guests_.find(session.id());
  if (found == guests_.end()) {
    return;
  }
  const std::shared_ptr<Guest> guest = found->second;
  if (guest->asked) {
    guest->waiting.push_back({kind, std::string(payload)});
    return;
  }
  const bool text = kind == frame::Opcode::Text || !session.tells_kinds();
  const auto message = json::read(text ? payload : std::string_view());
  const auto request = message ? rpc::parse_request(*message)
                               : std::expected<rpc::Request, rpc::Fault>(std::unexpect);
  if (!request || request->method != "authenticate") {
    session.close(close_unauthenticated, "the first message must be an 'authenticate' request");
    return;
  }
  guest->asked = true;
  guest->id = request->id;
  guest->evidence.first_message = payload;
  session.hold_reading();
  authenticator_.authenticate(guest->evidence,
                              [this, alive = std::weak_ptr(alive_), guest](auto verdict) {
                                if (!alive.expired() && guest->session != nullptr) {
                                  judge(guest, std::move(verdict));
                                }
                              });
}

void Antechamber::judge(const std::shared_ptr<Guest>& guest, bp::result<auth::Principal> verdict) {
  guest->evidence = {};  // secrets are not kept
  guest->deadline.cancel();
  if (!verdict) {
    refuse(*guest, verdict.error());
    return;
  }
  const std::string answer = accepted(guest->id, *verdict);
  const auto bound = doors_.identify(*guest->session, guest->route, std::move(*verdict));
  if (!bound) {
    refuse(*guest, bound.error());
    return;
  }
  pass(guest, answer);
}

void Antechamber::refuse(Guest& guest, const bp::error& why) {
  const bool decided = why.code() == BP_E_PERMISSION;
  if (!guest.id.empty()) {
    guest.session->send_answer(text_frame(rpc::error(guest.id, why)));
  }
  guest.session->close(decided ? close_unauthenticated : frame::close_try_again_later,
                       decided ? "not authenticated: " + why.message()
                               : "authentication is not available now: " + why.message());
}

void Antechamber::pass(const std::shared_ptr<Guest>& guest, const std::string& answer) {
  session::Connection& session = *guest->session;
  const auto keep = session.keep();
  if (!guest->id.empty()) {
    session.send_answer(text_frame(answer));
  }
  Room& room = doors_.room(guest->route);
  guests_.erase(session.id());
  // Rooms outlive the sessions: a pointer that owns nothing.
  const std::shared_ptr<session::Connection::Owner> owner(std::shared_ptr<void>(), &room);
  session.pass_to(owner);
  room.enter(session);
  for (const auto& message : std::exchange(guest->waiting, {})) {
    if (session.open()) {
      owner->on_message(session, message.kind, message.payload);
    }
  }
  session.go_on_reading();
}

}  // namespace transport_ws::route
