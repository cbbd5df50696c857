// plugins/transport_ws/edge/outlet.cpp - reading a record of ws.out.
#include "edge/outlet.hpp"

#include <optional>
#include <utility>

#include "json/base64.hpp"
#include "json/json.hpp"
#include "topic/board.hpp"

namespace transport_ws::edge {

namespace {

constexpr std::string_view form =
    R"(a record of ws.out is {"connection":1 or "topic":"name", "text":"..." or "base64":"..."})";

std::optional<std::string> string_of(const json::Child* child) {
  return child != nullptr && child->kind == json::Kind::String
             ? std::optional(json::unquoted(child->text))
             : std::nullopt;
}

}  // namespace

bp::result<Parcel> read_parcel(std::string_view record) {
  auto read = json::read(record);
  if (!read) {
    return std::unexpected(std::move(read).error().during("reading a record of ws.out"));
  }
  const json::Child* connection = read->find("connection");
  const auto topic = string_of(read->find("topic"));
  auto text = string_of(read->find("text"));
  const auto base64 = string_of(read->find("base64"));
  if (read->children.size() != 2 || text.has_value() == base64.has_value() ||
      (connection != nullptr) == topic.has_value()) {
    return bp::fail(BP_E_SCHEMA, std::string(form));
  }
  Parcel parcel;
  if (topic) {
    BP_TRY(topic::check_name(*topic));
    parcel.topic = *topic;
  } else {
    const auto number = json::to_uint(connection->text);
    if (!number || *number == 0) {
      return bp::fail(BP_E_SCHEMA, "'connection' must be the number that ws.in or ws.events told");
    }
    parcel.connection = *number;
  }
  if (text) {
    parcel.payload = std::move(*text);
    return parcel;
  }
  auto bytes = json::from_base64(*base64);
  if (!bytes) {
    return bp::fail(BP_E_SCHEMA, "'base64' is not base64 with its padding");
  }
  parcel.kind = frame::Opcode::Binary;
  parcel.payload = std::move(*bytes);
  return parcel;
}

}  // namespace transport_ws::edge
