// plugins/transport_ws/rpc/gateway.cpp - the methods, batches and what is in flight.
#include "rpc/gateway.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "frame/codec.hpp"

namespace transport_ws::rpc {

namespace {

constexpr std::string_view default_channel = "events";

frame::Frame text_frame(std::string_view text) {
  return std::make_shared<const std::string>(frame::encode_frame(frame::Opcode::Text, text));
}

bp::error wrong(std::string message) {
  return {BP_E_INVALID, std::move(message)};
}

bp::result<std::string> text_member(const json::Value& params, std::string_view name) {
  const json::Child* child = params.find(name);
  if (child == nullptr || child->kind != json::Kind::String) {
    return std::unexpected(wrong(fmt::format("'{}' must be a string", name)));
  }
  if (child->text.size() > name_bytes_max + 2) {
    return std::unexpected(
        wrong(fmt::format("'{}' is longer than {} bytes", name, name_bytes_max)));
  }
  return json::unquoted(child->text);
}

std::optional<bp::error> unknown_member(const json::Value& params,
                                        std::initializer_list<std::string_view> known) {
  for (const json::Child& child : params.children) {
    if (std::ranges::find(known, child.name) == known.end()) {
      return wrong(fmt::format("unknown parameter '{}'; known are {}",
                               child.name.substr(0, name_bytes_max), fmt::join(known, ", ")));
    }
  }
  return std::nullopt;
}

struct Identified {
  std::string id_json;  // the id as JSON, "null" where the event can hold none
  std::string event;    // the event with its id; empty: as it came
};

bp::result<Identified> identify(const json::Child& event, EventIds& ids) {
  if (event.kind != json::Kind::Object) {
    return Identified{"null", {}};
  }
  auto object = json::read(event.text);
  if (!object) {
    return std::unexpected(std::move(object).error());
  }
  if (const json::Child* id = object->find("id")) {
    if (id->kind != json::Kind::String || id->text.size() <= 2 ||
        id->text.size() > event_id_bytes_max + 2) {
      return std::unexpected(wrong(
          fmt::format("the event's 'id' must be a string of 1 to {} bytes", event_id_bytes_max)));
    }
    return Identified{std::string(id->text), {}};
  }
  std::string id = '"' + ids.next() + '"';
  std::string with_id = R"({"id":)" + id;
  with_id += object->children.empty() ? "}" : ",";
  if (!object->children.empty()) {
    with_id.append(event.text.substr(event.text.find('{') + 1));
  }
  return Identified{std::move(id), std::move(with_id)};
}

}  // namespace

struct Gateway::Visitor {
  session::Peer* peer;  // null: it has left
  std::vector<std::shared_ptr<Feed>> feeds;
  std::uint32_t in_flight = 0;
};

// The answers of one batch; what is missing keeps the rest waiting.
struct Gateway::Batch {
  std::shared_ptr<Visitor> visitor;
  std::vector<std::string> answers;

  ~Batch() {
    if (visitor->peer != nullptr && !answers.empty()) {
      visitor->peer->send_answer(text_frame(rpc::batch(answers)));
    }
  }
};

// One request until its answer.
struct Gateway::Turn {
  std::shared_ptr<Visitor> visitor;
  std::shared_ptr<Batch> batch;  // null: not part of one
  std::string id;                // empty: a notification, nobody is answered

  void answer(std::string text) {
    if (batch != nullptr) {
      batch->answers.push_back(std::move(text));
    } else if (visitor->peer != nullptr) {
      visitor->peer->send_answer(text_frame(text));
    }
  }

  void result(std::string_view json) {
    if (!id.empty()) {
      answer(rpc::result(id, json));
    }
  }

  void error(rpc::Code code, std::string_view message) {
    if (!id.empty()) {
      answer(rpc::error(id, code, message));
    }
  }

  void error(const bp::error& failure) {
    if (!id.empty()) {
      answer(rpc::error(id, failure));
    }
  }
};

Gateway::Gateway(Bus& bus, const GatewaySettings& settings)
    : bus_(bus), settings_(settings), alive_(std::make_shared<const bool>(true)) {}

Gateway::~Gateway() {
  for (const auto& [id, visitor] : visitors_) {
    visitor->peer = nullptr;
  }
}

void Gateway::enter(session::Peer& peer) {
  visitors_.emplace(peer.id(), std::make_shared<Visitor>(&peer));
}

void Gateway::leave(session::Peer& peer) {
  const auto node = visitors_.extract(peer.id());
  if (node.empty()) {
    return;
  }
  const std::shared_ptr<Visitor> visitor = node.mapped();
  visitor->peer = nullptr;
  for (const auto& feed : std::exchange(visitor->feeds, {})) {
    feed->remove(peer);
    drop_feed_if_unused(feed);
  }
}

void Gateway::on_drained(session::Peer& peer) {
  const auto found = visitors_.find(peer.id());
  if (found != visitors_.end()) {
    const std::shared_ptr<Visitor> visitor = found->second;
    for (std::size_t i = 0; i < visitor->feeds.size(); ++i) {
      visitor->feeds[i]->on_drained();
    }
  }
}

void Gateway::on_text(session::Peer& peer, std::string_view text) {
  const auto found = visitors_.find(peer.id());
  if (found == visitors_.end()) {
    return;
  }
  const std::shared_ptr<Visitor> visitor = found->second;
  const auto message = json::read(text);
  if (!message) {
    const bool syntax = !json::is_valid(text);
    peer.send_answer(text_frame(rpc::error("null", syntax ? rpc::parse_error : rpc::invalid_request,
                                           message.error().message())));
  } else if (message->kind == json::Kind::Array) {
    run_batch(visitor, *message);
  } else {
    run(std::make_shared<Turn>(visitor), *message);
  }
}

void Gateway::run_batch(const std::shared_ptr<Visitor>& visitor, const json::Value& message) {
  const std::size_t items = message.children.size();
  if (items == 0 || items > batch_items_max) {
    visitor->peer->send_answer(
        text_frame(rpc::error("null", rpc::invalid_request,
                              fmt::format("a batch holds 1 to {} requests", batch_items_max))));
    return;
  }
  const auto batch = std::make_shared<Batch>(visitor);
  for (const json::Child& item : message.children) {
    const auto turn = std::make_shared<Turn>(visitor, batch);
    if (const auto value = json::read(item.text)) {
      run(turn, *value);
    } else {
      turn->answer(rpc::error("null", rpc::invalid_request, value.error().message()));
    }
  }
}

void Gateway::run(const std::shared_ptr<Turn>& turn, const json::Value& message) {
  const auto request = rpc::parse_request(message);
  if (!request) {
    turn->answer(request.error());
    return;
  }
  turn->id = request->id;
  const auto params = params_of(*request);
  if (!params) {
    turn->error(rpc::invalid_params, params.error().message());
  } else if (draining_) {
    turn->error(bp::error(BP_E_UNAVAILABLE, "the server is closing; connect again"));
  } else {
    dispatch(turn, *request, *params);
  }
}

bp::result<Gateway::Params> Gateway::params_of(const rpc::Request& request) {
  auto params = json::read(request.params.empty() ? "{}" : request.params);
  if (params && params->kind != json::Kind::Object) {
    return bp::fail(BP_E_INVALID, "parameters are given by name, in an object");
  }
  return params;
}

void Gateway::dispatch(const std::shared_ptr<Turn>& turn, const rpc::Request& request,
                       const Params& params) {
  if (request.method == "publish") {
    publish(turn, params);
  } else if (request.method == "subscribe") {
    subscribe(turn, params);
  } else if (request.method == "unsubscribe") {
    unsubscribe(turn, params);
  } else if (request.method == "call") {
    call(turn, params);
  } else if (request.method == "ping") {
    turn->result(R"("pong")");
  } else {
    turn->error(
        rpc::method_not_found,
        fmt::format("no method '{}'; there are publish, subscribe, unsubscribe, call and ping",
                    request.method));
  }
}

void Gateway::publish(const std::shared_ptr<Turn>& turn, const Params& params) {
  if (const auto unknown = unknown_member(params, {"channel", "event", "message"})) {
    return turn->error(rpc::invalid_params, unknown->message());
  }
  bp::result<std::string> channel{std::string(default_channel)};
  if (params.find("channel") != nullptr) {
    channel = text_member(params, "channel");
  }
  if (!channel) {
    return turn->error(rpc::invalid_params, channel.error().message());
  }
  const json::Child* event = params.find("event");
  const json::Child* plain = params.find("message");
  if ((event == nullptr) == (plain == nullptr)) {
    return turn->error(rpc::invalid_params, "give 'event' or 'message', one of them");
  }
  event = event == nullptr ? plain : event;
  auto identified = identify(*event, ids_);
  if (!identified) {
    return turn->error(rpc::invalid_params, identified.error().message());
  }
  if (!begin_flight(turn)) {
    return;
  }
  const std::string_view json =
      identified->event.empty() ? event->text : std::string_view(identified->event);
  bus_.publish(*channel, json,
               [this, alive = std::weak_ptr(alive_), turn,
                id = std::move(identified->id_json)](auto confirmed) {
                 if (alive.expired()) {
                   return;
                 }
                 if (confirmed) {
                   turn->result(fmt::format(R"({{"id":{}}})", id));
                 } else {
                   turn->error(confirmed.error());
                 }
                 end_flight(turn);
               });
}

void Gateway::call(const std::shared_ptr<Turn>& turn, const Params& params) {
  if (const auto unknown = unknown_member(params, {"service", "method", "params", "timeout_ms"})) {
    return turn->error(rpc::invalid_params, unknown->message());
  }
  const auto service = text_member(params, "service");
  if (!service) {
    return turn->error(rpc::invalid_params,
                       service.error().message() + R"(, as "bp.storage.records/1")");
  }
  const auto method = text_member(params, "method");
  if (!method) {
    return turn->error(rpc::invalid_params, method.error().message());
  }
  std::uint32_t timeout_ms = settings_.call_timeout_ms;
  if (const json::Child* wanted = params.find("timeout_ms")) {
    const auto value = json::to_uint(wanted->text);
    if (!value || *value == 0 || *value > call_timeout_ms_max) {
      return turn->error(
          rpc::invalid_params,
          fmt::format("'timeout_ms' must be an integer from 1 to {}", call_timeout_ms_max));
    }
    timeout_ms = static_cast<std::uint32_t>(*value);
  }
  const json::Child* arguments = params.find("params");
  if (!begin_flight(turn)) {
    return;
  }
  bus_.call(*service, *method, arguments == nullptr ? "{}" : arguments->text, timeout_ms,
            [this, alive = std::weak_ptr(alive_), turn](auto reply) {
              if (alive.expired()) {
                return;
              }
              if (reply) {
                turn->result(reply->empty() ? "null" : std::string_view(*reply));
              } else {
                turn->error(reply.error());
              }
              end_flight(turn);
            });
}

void Gateway::subscribe(const std::shared_ptr<Turn>& turn, const Params& params) {
  if (const auto unknown = unknown_member(params, {"channel"})) {
    return turn->error(rpc::invalid_params, unknown->message());
  }
  const auto channel = text_member(params, "channel");
  if (!channel) {
    return turn->error(rpc::invalid_params, channel.error().message());
  }
  auto& feeds = turn->visitor->feeds;
  const auto present =
      std::ranges::find(feeds, *channel, [](const auto& feed) { return feed->channel(); });
  if (present != feeds.end()) {
    return turn->result(fmt::format(R"({{"subscription":{}}})", (*present)->number()));
  }
  if (feeds.size() >= settings_.subscriptions_max) {
    return turn->error(
        bp::error(BP_E_BUSY, fmt::format("a connection may have {} subscriptions; unsubscribe one",
                                         settings_.subscriptions_max)));
  }
  auto feed = feed_of(*channel);
  if (!feed) {
    return turn->error(std::move(feed).error().during("subscribing to '" + *channel + "'"));
  }
  (*feed)->add(*turn->visitor->peer);
  feeds.push_back(*feed);
  turn->result(fmt::format(R"({{"subscription":{}}})", (*feed)->number()));
}

void Gateway::unsubscribe(const std::shared_ptr<Turn>& turn, const Params& params) {
  if (const auto unknown = unknown_member(params, {"subscription"})) {
    return turn->error(rpc::invalid_params, unknown->message());
  }
  const json::Child* wanted = params.find("subscription");
  const auto number = wanted == nullptr ? std::nullopt : json::to_uint(wanted->text);
  if (!number) {
    return turn->error(rpc::invalid_params,
                       "'subscription' must be the number that subscribe gave");
  }
  auto& feeds = turn->visitor->feeds;
  const auto found =
      std::ranges::find(feeds, *number, [](const auto& feed) { return feed->number(); });
  if (found == feeds.end()) {
    return turn->error(
        bp::error(BP_E_NOT_FOUND, fmt::format("this connection has no subscription {}", *number)));
  }
  const std::shared_ptr<Feed> feed = *found;
  feeds.erase(found);
  feed->remove(*turn->visitor->peer);
  drop_feed_if_unused(feed);
  turn->result("true");
}

bool Gateway::begin_flight(const std::shared_ptr<Turn>& turn) {
  if (turn->visitor->in_flight >= settings_.in_flight_max) {
    turn->error(
        bp::error(BP_E_BUSY, fmt::format("{} requests of this connection wait for their answers; "
                                         "wait for one of them",
                                         settings_.in_flight_max)));
    return false;
  }
  ++turn->visitor->in_flight;
  ++in_flight_;
  return true;
}

void Gateway::end_flight(const std::shared_ptr<Turn>& turn) {
  --turn->visitor->in_flight;
  if (--in_flight_ == 0 && on_idle_) {
    std::exchange(on_idle_, nullptr)();
  }
}

void Gateway::drain(std::move_only_function<void()> on_idle) {
  draining_ = true;
  if (in_flight_ == 0) {
    on_idle();
  } else {
    on_idle_ = std::move(on_idle);
  }
}

bp::result<std::shared_ptr<Feed>> Gateway::feed_of(const std::string& channel) {
  const auto found = feeds_.find(channel);
  if (found != feeds_.end() && !found->second->closed()) {
    return found->second;
  }
  auto feed = std::make_shared<Feed>(++feeds_made_, channel, bus_);
  BP_TRY(feed->open());
  feeds_.insert_or_assign(channel, feed);
  return feed;
}

void Gateway::drop_feed_if_unused(const std::shared_ptr<Feed>& feed) {
  const auto found = feeds_.find(feed->channel());
  if (feed->empty() && found != feeds_.end() && found->second == feed) {
    feeds_.erase(found);
  }
}

}  // namespace transport_ws::rpc
