// plugins/transport_ws/rpc/bus.hpp - what the gateway needs from the backplane; the plugin's edge
// implements it, tests fake it.
//
// Thread: the io thread of the gateway that holds it; every callback comes back there, never from
// inside the call that asked for it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "backplane/cpp/bytes.hpp"
#include "backplane/cpp/error.hpp"

namespace transport_ws::rpc {

class Bus {
 public:
  /// The reply as JSON; empty for a confirmed publish.
  using Reply = std::move_only_function<void(bp::result<std::string>)>;

  struct Message {
    std::uint64_t seq;                 // position in its channel
    std::string_view json;             // lives as long as `hold`
    std::shared_ptr<const void> hold;  // the last copy that goes away acknowledges the message
  };

  struct Missed {
    std::uint64_t count;  // messages that this subscription lost
  };

  struct Closed {};

  using Event = std::variant<Message, Missed, Closed>;
  using Sink = std::function<void(Event)>;

  Bus() = default;
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;
  virtual ~Bus() = default;

  /// The reply comes when every consumer that confirms has acknowledged.
  virtual void publish(std::string_view channel, std::string_view json, Reply reply) = 0;
  /// `trace`: what the call belongs to, null for none; read before this returns.
  virtual void call(std::string_view service, std::string_view method, std::string_view json,
                    std::uint32_t timeout_ms, const bp::trace_context* trace, Reply reply) = 0;
  /// A gating subscription: it misses nothing while its messages are acknowledged in time.
  [[nodiscard]] virtual bp::result<std::uint64_t> subscribe(std::string_view channel,
                                                            Sink sink) = 0;
  virtual void unsubscribe(std::uint64_t subscription) = 0;
};

}  // namespace transport_ws::rpc
