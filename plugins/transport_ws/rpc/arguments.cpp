// plugins/transport_ws/rpc/arguments.cpp - reading parameters one method after the other.
#include "rpc/arguments.hpp"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "limits.hpp"

namespace transport_ws::rpc {

namespace {

constexpr std::string_view default_channel = "events";

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

}  // namespace

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

bp::result<Subscribe> subscribe_arguments(const json::Value& params) {
  BP_TRY(known_members(params, {"channel", "from", "epoch"}));
  auto channel = text_member(params, "channel");
  BP_TRY(channel);
  Subscribe wanted{std::move(*channel), {}, {}};
  const json::Child* from = params.find("from");
  if ((from == nullptr) != (params.find("epoch") == nullptr)) {
    return std::unexpected(wrong(
        "'from' and 'epoch' go together: the 'epoch' that subscribe told, and the first 'seq' "
        "that is wanted"));
  }
  if (from != nullptr) {
    auto epoch = text_member(params, "epoch");
    BP_TRY(epoch);
    wanted.epoch = std::move(*epoch);
    wanted.from = json::to_uint(from->text);
    if (!wanted.from || *wanted.from == 0) {
      return std::unexpected(wrong("'from' must be a 'seq', an integer from 1"));
    }
  }
  return wanted;
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

}  // namespace transport_ws::rpc
