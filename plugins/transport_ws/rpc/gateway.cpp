// plugins/transport_ws/rpc/gateway.cpp - the methods, batches and what is in flight.
#include "rpc/gateway.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "frame/codec.hpp"
#include "rpc/arguments.hpp"

namespace transport_ws::rpc {

namespace {

frame::Frame text_frame(std::string_view text) {
  return std::make_shared<const std::string>(frame::encode_frame(frame::Opcode::Text, text));
}

}  // namespace

struct Gateway::Visitor {
  session::Peer* peer;  // null: it has left
  std::vector<std::shared_ptr<Feed>> feeds;
  std::move_only_function<void()> on_answered;  // once
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

Gateway::Gateway(Bus& bus, const GatewaySettings& settings, session::Counters& counters)
    : bus_(bus),
      settings_(settings),
      counters_(counters),
      alive_(std::make_shared<const bool>(true)) {}

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
  flights_.end(std::exchange(visitor->in_flight, 0));
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

void Gateway::when_answered(session::Peer& peer, std::move_only_function<void()> then) {
  const auto found = visitors_.find(peer.id());
  if (found == visitors_.end() || found->second->in_flight == 0) {
    then();
  } else {
    found->second->on_answered = std::move(then);
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
  bus_.call(wanted->service, wanted->method, wanted->json, wanted->timeout_ms, nullptr,
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
  const auto wanted = subscribe_arguments(params);
  if (!wanted) {
    turn->error(invalid_params, wanted.error().message());
    return;
  }
  Visitor& visitor = *turn->visitor;
  const auto feed = feed_for(visitor, wanted->channel);
  if (!feed) {
    turn->error(feed.error());
    return;
  }
  const bool joined = std::ranges::find(visitor.feeds, *feed) != visitor.feeds.end();
  if (joined && wanted->from) {
    turn->error(invalid_params,
                "this connection has that subscription already; 'from' is for a new one");
    return;
  }
  const bool resumable = wanted->from && wanted->epoch == (*feed)->epoch();
  const auto coverage =
      resumable ? (*feed)->coverage(*wanted->from) : History::Coverage{false, std::nullopt};
  if (wanted->from) {
    counters_.replays.add();
    counters_.replay_gaps.add(coverage.whole ? 0 : 1);
  }
  turn->result(subscribed(**feed, wanted->from ? &coverage : nullptr));
  if (visitor.peer == nullptr) {  // the answer was one too many for it
    drop_feed_if_unused(*feed);
  } else if (!joined) {
    visitor.feeds.push_back(*feed);
    join(**feed, *visitor.peer, coverage.missed ? *wanted->from : 0);
  }
}

void Gateway::join(Feed& feed, session::Peer& peer, std::uint64_t from) {
  if (from == 0) {
    feed.add(peer);
  } else {
    feed.add(peer, from);
  }
}

std::string Gateway::subscribed(const Feed& feed, const History::Coverage* coverage) {
  const auto number = [](const std::optional<std::uint64_t>& value) {
    return value ? std::to_string(*value) : std::string("null");
  };
  const std::string resumed =
      coverage == nullptr
          ? std::string()
          : fmt::format(R"(,"resumed":{},"missed":{})", coverage->whole, number(coverage->missed));
  return fmt::format(R"({{"subscription":{},"epoch":"{}","seq":{}{}}})", feed.number(),
                     feed.epoch(), number(feed.history().last()), resumed);
}

bp::result<std::shared_ptr<Feed>> Gateway::feed_for(Visitor& visitor, const std::string& channel) {
  auto& feeds = visitor.feeds;
  const auto present =
      std::ranges::find(feeds, channel, [](const auto& feed) { return feed->channel(); });
  if (present != feeds.end()) {
    return *present;
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
  return feed;
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
  flights_.begin();
  return true;
}

void Gateway::end_flight(const std::shared_ptr<Turn>& turn) {
  Visitor& visitor = *turn->visitor;
  if (visitor.peer == nullptr) {
    return;  // it took its flights along
  }
  if (--visitor.in_flight == 0 && visitor.on_answered) {
    std::exchange(visitor.on_answered, nullptr)();
  }
  flights_.end();
}

void Gateway::drain(std::move_only_function<void()> on_idle) {
  draining_ = true;
  flights_.when_idle(std::move(on_idle));
}

bp::result<std::shared_ptr<Feed>> Gateway::feed_of(const std::string& channel) {
  const auto found = feeds_.find(channel);
  if (found != feeds_.end() && !found->second->closed()) {
    return found->second;
  }
  auto feed = std::make_shared<Feed>(++feeds_made_, channel, bus_, *settings_.epochs,
                                     settings_.history, counters_);
  BP_TRY(feed->open([this](const Feed& stale) { forget(stale); }));
  if (found != feeds_.end()) {
    forget(*found->second);
  }
  feeds_.emplace(channel, feed);
  if (on_followed_) {
    on_followed_(channel);
  }
  return feed;
}

void Gateway::keep(const std::string& channel) {
  if (settings_.history.messages_max > 0 && !draining_ && !feeds_.contains(channel)) {
    if (const auto feed = feed_of(channel)) {
      drop_feed_if_unused(*feed);
    }
  }
}

// A feed that nobody follows stays for its history, but not for long, and only so many of them.
void Gateway::drop_feed_if_unused(const std::shared_ptr<Feed>& feed) {
  const auto found = feeds_.find(feed->channel());
  if (!feed->empty() || found == feeds_.end() || found->second != feed) {
    return;
  }
  if (feed->closed() || feed->stale()) {
    forget(*feed);
    return;
  }
  const Feed* oldest = feed.get();
  std::size_t idle = 0;
  for (const auto& [channel, each] : feeds_) {
    if (each->empty()) {
      ++idle;
      oldest = each->idle_since() < oldest->idle_since() ? each.get() : oldest;
    }
  }
  if (idle > history_idle_channels_max) {
    forget(*oldest);
  }
}

void Gateway::forget(const Feed& feed) {
  const auto found = feeds_.find(feed.channel());
  if (found == feeds_.end() || found->second.get() != &feed) {
    return;
  }
  feeds_.erase(found);
}

}  // namespace transport_ws::rpc
