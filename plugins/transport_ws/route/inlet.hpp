// plugins/transport_ws/route/inlet.hpp - every message becomes a record on a queue channel of the
// bus.
//
// {"connection":1,"kind":"text","text":"..."} or {"connection":1,"kind":"binary","base64":"..."}.
// A connection with too many messages on their way is not read until the channel has taken some,
// so a slow consumer slows the client instead of filling memory. A message that the channel does
// not take closes its connection with 1013: it is never lost in silence.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "route/room.hpp"
#include "rpc/bus.hpp"
#include "session/flights.hpp"

namespace transport_ws::route {

/// The record of one message, as JSON. `principal`: empty where nobody was asked.
[[nodiscard]] std::string record_of(std::uint64_t connection, std::string_view principal,
                                    frame::Opcode kind, std::string_view payload);

/// The bus must outlive it.
class Inlet final : public Room {
 public:
  Inlet(Doorkeeper& doorkeeper, rpc::Bus& bus, std::string channel, std::uint32_t in_flight_max);
  ~Inlet() override;
  Inlet(const Inlet&) = delete;
  Inlet& operator=(const Inlet&) = delete;

  void enter(session::Connection& session) override;
  void drain(std::move_only_function<void()> on_idle) override;

 private:
  struct Guest;

  void on_message(session::Connection& session, frame::Opcode kind,
                  std::string_view payload) override;
  void on_said_all(session::Connection& session, std::move_only_function<void()> done) override;
  void leave(session::Connection& session) override;
  void on_taken(Guest& guest, const bp::result<std::string>& taken);

  rpc::Bus& bus_;
  const std::string channel_;
  const std::uint32_t in_flight_max_;
  std::unordered_map<std::uint64_t, std::shared_ptr<Guest>> guests_;
  std::shared_ptr<const bool> alive_;  // replies that come after our end find it expired
  session::Flights flights_;
};

}  // namespace transport_ws::route
