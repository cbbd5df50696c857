// plugins/transport_ws/rpc/arguments.hpp - the parameters of the gateway's methods.
//
// Errors: INVALID, saying what the parameter must be. Thread: values; views point into the message.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "backplane/cpp/error.hpp"

#include "json/json.hpp"
#include "rpc/event_id.hpp"

namespace transport_ws::rpc {

struct Publication {
  std::string channel;
  std::string id_json;  // the id as JSON, "null" where the event can hold none
  std::string event;    // the event with the id it was given; empty: as it came
  std::string_view as_it_came;
};

struct Call {
  std::string service;
  std::string method;
  std::string_view json;
  std::uint32_t timeout_ms;
};

struct Subscribe {
  std::string channel;
  std::optional<std::uint64_t> from;  // the first position that is wanted; none: what comes
  std::string epoch;                  // in which that position was told
};

[[nodiscard]] bp::result<Publication> publish_arguments(const json::Value& params, EventIds& ids);
[[nodiscard]] bp::result<Call> call_arguments(const json::Value& params,
                                              std::uint32_t timeout_default_ms);
[[nodiscard]] bp::result<Subscribe> subscribe_arguments(const json::Value& params);
[[nodiscard]] bp::result<std::uint64_t> unsubscribe_argument(const json::Value& params);

}  // namespace transport_ws::rpc
