// plugins/transport_ws/route/forum.cpp - the methods of the topics protocol.
#include "route/forum.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "auth/principal.hpp"

namespace transport_ws::route {

namespace {

frame::Frame text_frame(std::string_view text) {
  return std::make_shared<const std::string>(frame::encode_frame(frame::Opcode::Text, text));
}

}  // namespace

struct Forum::Guest : std::enable_shared_from_this<Guest> {
  explicit Guest(session::Connection& of) : session(&of) {}

  void answer(const std::string& text) const {
    if (session != nullptr) {
      session->send_answer(text_frame(text));
    }
  }

  void result(const std::string& id, std::string_view json) const {
    if (!id.empty()) {
      answer(rpc::result(id, json));
    }
  }

  void error(const std::string& id, const bp::error& failure) const {
    if (!id.empty()) {
      answer(rpc::error(id, failure));
    }
  }

  void error(const std::string& id, rpc::Code code, std::string_view why) const {
    if (!id.empty()) {
      answer(rpc::error(id, code, why));
    }
  }

  session::Connection* session;  // null: it has left
  std::uint32_t in_flight = 0;
};

Forum::Forum(Doorkeeper& doorkeeper, const Parts& parts, ForumSettings settings)
    : Room(doorkeeper),
      bus_(parts.bus),
      board_(parts.board),
      hub_(parts.hub),
      bridges_(parts.bridges),
      settings_(std::move(settings)),
      alive_(std::make_shared<const bool>(true)) {}

Forum::~Forum() = default;

void Forum::enter(session::Connection& session) {
  guests_.emplace(session.id(), std::make_shared<Guest>(session));
}

void Forum::leave(session::Connection& session) {
  const auto node = guests_.extract(session.id());
  if (!node.empty()) {
    node.mapped()->session = nullptr;
    flights_.end(std::exchange(node.mapped()->in_flight, 0));
  }
}

void Forum::drain(std::move_only_function<void()> on_idle) {
  flights_.when_idle(std::move(on_idle));
}

void Forum::on_message(session::Connection& session, frame::Opcode kind, std::string_view payload) {
  const auto found = guests_.find(session.id());
  if (found == guests_.end()) {
    return;
  }
  const std::shared_ptr<Guest> guest = found->second;
  if (kind != frame::Opcode::Text) {
    session.close(frame::close_unsupported, "JSON-RPC comes in text messages");
    return;
  }
  const auto message = json::read(payload);
  if (!message) {
    guest->answer(rpc::error("null",
                             json::is_valid(payload) ? rpc::invalid_request : rpc::parse_error,
                             message.error().message()));
    return;
  }
  const auto request = rpc::parse_request(*message);
  if (!request) {
    guest->answer(request.error());
    return;
  }
  run(*guest, *request);
}

void Forum::run(Guest& guest, const rpc::Request& request) {
  if (request.method == "ping") {
    guest.result(request.id, R"("pong")");
    return;
  }
  const bool publishing = request.method == "publish";
  if (!publishing && request.method != "subscribe" && request.method != "unsubscribe") {
    guest.error(request.id, rpc::method_not_found,
                fmt::format("no method '{}'; there are subscribe, unsubscribe, publish and ping",
                            request.method));
    return;
  }
  const auto params = json::read(request.params.empty() ? "{}" : request.params);
  const json::Child* name = params ? params->find("topic") : nullptr;
  const json::Child* message = params && publishing ? params->find("message") : nullptr;
  if (name == nullptr || name->kind != json::Kind::String || publishing != (message != nullptr) ||
      params->children.size() != (publishing ? 2U : 1U)) {
    guest.error(request.id, rpc::invalid_params,
                publishing ? "the parameters are 'topic', a string, and 'message', any JSON"
                           : "the one parameter is 'topic', a string");
    return;
  }
  const std::string topic = json::unquoted(name->text);
  if (publishing) {
    publish(guest, request, topic, message->text);
  } else if (request.method == "subscribe") {
    subscribe(guest, request, topic);
  } else {
    guest.result(request.id, board_.unsubscribe(*guest.session, topic) ? "true" : "false");
  }
}

void Forum::subscribe(Guest& guest, const rpc::Request& request, const std::string& topic) {
  if (!auth::any_matches(settings_.subscribe, topic)) {
    guest.error(request.id,
                bp::error(BP_E_PERMISSION, "this route does not let clients follow that topic"));
    return;
  }
  if (const auto* who = guest.session->principal(); who != nullptr && !who->may_subscribe(topic)) {
    guest.error(request.id, auth::not_allowed(*who, "subscribe", topic));
    return;
  }
  const auto subscribed = board_.subscribe(*guest.session, form(), topic);
  if (subscribed) {
    guest.result(request.id, "true");
  } else {
    guest.error(request.id, subscribed.error());
  }
}

void Forum::publish(Guest& guest, const rpc::Request& request, const std::string& topic,
                    std::string_view message) {
  if (const auto named = topic::check_name(topic); !named) {
    guest.error(request.id, named.error());
    return;
  }
  if (!auth::any_matches(settings_.publish, topic)) {
    guest.error(request.id, bp::error(BP_E_PERMISSION,
                                      "this route does not let clients publish to that topic"));
    return;
  }
  if (const auto* who = guest.session->principal(); who != nullptr && !who->may_publish(topic)) {
    guest.error(request.id, auth::not_allowed(*who, "publish", topic));
    return;
  }
  const auto inward = std::ranges::find_if(bridges_, [&](const topic::Bridge& each) {
    return each.topic == topic && each.direction != topic::Direction::Out;
  });
  // With a bridge both ways it comes back from the bus, in the order that all subscribers see.
  if (inward == bridges_.end() || inward->direction == topic::Direction::In) {
    hub_.publish(std::make_shared<topic::Announcement>(topic, frame::Opcode::Text, message));
  }
  if (inward == bridges_.end()) {
    guest.result(request.id, "true");
  } else {
    publish_to_bus(guest, request, *inward, message);
  }
}

void Forum::publish_to_bus(Guest& guest, const rpc::Request& request, const topic::Bridge& bridge,
                           std::string_view message) {
  if (guest.in_flight >= settings_.in_flight_max) {
    guest.error(request.id,
                bp::error(BP_E_BUSY, fmt::format("{} messages of this connection are on their way; "
                                                 "wait for one of their answers",
                                                 settings_.in_flight_max)));
    return;
  }
  ++guest.in_flight;
  flights_.begin();
  bus_.publish(bridge.channel, message,
               [this, alive = std::weak_ptr(alive_), guest = guest.shared_from_this(),
                id = request.id](const bp::result<std::string>& taken) {
                 if (alive.expired()) {
                   return;
                 }
                 if (taken) {
                   guest->result(id, "true");
                 } else {
                   guest->error(id, taken.error());
                 }
                 end_flight(*guest);
               });
}

void Forum::end_flight(Guest& guest) {
  if (guest.session != nullptr) {
    --guest.in_flight;
    flights_.end();
  }
}

}  // namespace transport_ws::route
