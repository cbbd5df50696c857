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

bp::result<void> known_members(const json::Value& params,
                               std::initializer_list<std::string_view> known) {
  for (const json::Child& child : params.children) {
    if (std::ranges::find(known, child.name) == known.end()) {
      return std::unexpected(
          wrong(fmt::format("unknown parameter '{}'; known are {}",
                            child.name.substr(0, name_bytes_max), fmt::join(known, ", "))));
    }
  }
  return {};
}

struct Publication {
  std::string channel;
  std::string id_json;  // the id as JSON, "null" where the event can hold none
  std::string event;    // the event with the id it was given; empty: as it came
  std::string_view as_it_came;
};

// Takes the event's id or gives it one.
bp::result<void> identify(Publication& publication, json::Kind kind, EventIds& ids) {
  publication.id_json = "null";
  if (kind != json::Kind::Object) {
    return {};
  }
  auto object = json::read(publication.as_it_came);
  if (!object) {
    return std::unexpected(std::move(object).error());
  }
  if (const json::Child* id = object->find("id")) {
    if (id->kind != json::Kind::String || id->text.size() <= 2 ||
        id->text.size() > event_id_bytes_max + 2) {
      return std::unexpected(wrong(
          fmt::format("the event's 'id' must be a string of 1 to {} bytes", event_id_bytes_max)));
    }
    publication.id_json = id->text;
    return {};
  }
  publication.id_json = '"' + ids.next() + '"';
  publication.event = R"({"id":)" + publication.id_json;
  if (object->children.empty()) {
    publication.event += '}';
  } else {
    const std::string_view text = publication.as_it_came;
    publication.event.append(",").append(text.substr(text.find('{') + 1));
  }
  return {};
}

bp::result<Publication> publish_arguments(const json::Value& params, EventIds& ids) {
  BP_TRY(known_members(params, {"channel", "event", "message"}));
  Publication publication;
  publication.channel = default_channel;
  if (params.find("channel") != nullptr) {
    auto channel = text_member(params, "channel");
    BP_TRY(channel);
    publication.channel = std::move(*channel);
  }
  const json::Child* event = params.find("event");
  const json::Child* message = params.find("message");
  if ((event == nullptr) == (message == nullptr)) {
    return std::unexpected(wrong("give 'event' or 'message', one of them"));
  }
  const json::Child& given = event == nullptr ? *message : *event;
  publication.as_it_came = given.text;
  BP_TRY(identify(publication, given.kind, ids));
  return publication;
}

struct Call {
  std::string service;
  std::string method;
  std::string_view json;
  std::uint32_t timeout_ms;
};

bp::result<Call> call_arguments(const json::Value& params, std::uint32_t timeout_default_ms) {
  BP_TRY(known_members(params, {"service", "method", "params", "timeout_ms"}));
  auto service = text_member(params, "service");
  if (!service) {
    return std::unexpected(wrong(service.error().message() + R"(, as "bp.storage.records/1")"));
  }
  auto method = text_member(params, "method");
  BP_TRY(method);
  std::uint32_t timeout_ms = timeout_default_ms;
  if (const json::Child* wanted = params.find("timeout_ms")) {
    const auto value = json::to_uint(wanted->text);
    if (!value || *value == 0 || *value > call_timeout_ms_max) {
      return std::unexpected(
          wrong(fmt::format("'timeout_ms' must be an integer from 1 to {}", call_timeout_ms_max)));
    }
    timeout_ms = static_cast<std::uint32_t>(*value);
  }
  const json::Child* arguments = params.find("params");
  return Call{std::move(*service), std::move(*method),
              arguments == nullptr ? "{}" : arguments->text, timeout_ms};
}

bp::result<std::string> subscribe_argument(const json::Value& params) {
  BP_TRY(known_members(params, {"channel"}));
  return text_member(params, "channel");
}

bp::result<std::uint64_t> unsubscribe_argument(const json::Value& params) {
  BP_TRY(known_members(params, {"subscription"}));
  const json::Child* wanted = params.find("subscription");
  const auto number = wanted == nullptr ? std::nullopt : json::to_uint(wanted->text);
  if (!number) {
    return std::unexpected(wrong("'subscription' must be the number that subscribe gave"));
  }
  return *number;
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
  const std::shared_ptr<Visitor>& visitor = node.mapped();
  visitor->peer = nullptr;
  for (const auto& feed : std::exchange(visitor->feeds, {})) {
    feed->remove(peer);
    drop_feed_if_unused(feed);
  }
}

void Gateway::on_drained(session::Peer& peer) {
  const auto found = visitors_.find(peer.id());
  if (found != visitors_.end()) {
    for (const auto& feed : std::vector(found->second->feeds)) {
      feed->on_drained();
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
  auto wanted = publish_arguments(params, ids_);
  if (!wanted) {
    turn->error(invalid_params, wanted.error().message());
    return;
  }
  if (const auto* who = turn->visitor->peer->principal();
      who != nullptr && !who->may_publish(wanted->channel)) {
    turn->error(auth::not_allowed(*who, "publish", wanted->channel));
    return;
  }
  if (!begin_flight(turn)) {
    return;
  }
  const std::string_view json =
      wanted->event.empty() ? wanted->as_it_came : std::string_view(wanted->event);
  bus_.publish(
      wanted->channel, json,
      [this, alive = std::weak_ptr(alive_), turn, id = std::move(wanted->id_json)](auto confirmed) {
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
  const auto wanted = call_arguments(params, settings_.call_timeout_ms);
  if (!wanted) {
    turn->error(invalid_params, wanted.error().message());
    return;
  }
  if (const auto* who = turn->visitor->peer->principal();
      who != nullptr && !who->may_call(wanted->service, wanted->method)) {
    turn->error(auth::not_allowed(*who, "call", wanted->service + "." + wanted->method));
    return;
  }
  if (!begin_flight(turn)) {
    return;
  }
  bus_.call(wanted->service, wanted->method, wanted->json, wanted->timeout_ms,
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
  const auto channel = subscribe_argument(params);
  if (!channel) {
    turn->error(invalid_params, channel.error().message());
    return;
  }
  const auto number = subscription_of(*turn->visitor, *channel);
  if (number) {
    turn->result(fmt::format(R"({{"subscription":{}}})", *number));
  } else {
    turn->error(number.error());
  }
}

bp::result<std::uint64_t> Gateway::subscription_of(Visitor& visitor, const std::string& channel) {
  auto& feeds = visitor.feeds;
  const auto present =
      std::ranges::find(feeds, channel, [](const auto& feed) { return feed->channel(); });
  if (present != feeds.end()) {
    return (*present)->number();
  }
  if (const auto* who = visitor.peer->principal(); who != nullptr && !who->may_subscribe(channel)) {
    return std::unexpected(auth::not_allowed(*who, "subscribe", channel));
  }
  if (feeds.size() >= settings_.subscriptions_max) {
    return bp::fail(BP_E_BUSY,
                    fmt::format("a connection may have {} subscriptions; unsubscribe one",
                                settings_.subscriptions_max));
  }
  auto feed = feed_of(channel);
  if (!feed) {
    return std::unexpected(std::move(feed).error().during("subscribing to '" + channel + "'"));
  }
  (*feed)->add(*visitor.peer);
  feeds.push_back(*feed);
  return (*feed)->number();
}

void Gateway::unsubscribe(const std::shared_ptr<Turn>& turn, const Params& params) {
  const auto number = unsubscribe_argument(params);
  if (!number) {
    turn->error(invalid_params, number.error().message());
    return;
  }
  auto& feeds = turn->visitor->feeds;
  const auto found =
      std::ranges::find(feeds, *number, [](const auto& feed) { return feed->number(); });
  if (found == feeds.end()) {
    turn->error(
        bp::error(BP_E_NOT_FOUND, fmt::format("this connection has no subscription {}", *number)));
    return;
  }
  const std::shared_ptr<Feed> feed = std::move(*found);
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
