// plugins/transport_ws/route/lobby.hpp - the connections that talk to the gateway.
#pragma once

#include <functional>
#include <string_view>
#include <utility>

#include "route/room.hpp"
#include "rpc/gateway.hpp"

namespace transport_ws::route {

/// The gateway must outlive it; it is drained by the loop, whose routes share it.
class Lobby final : public Room {
 public:
  Lobby(Doorkeeper& doorkeeper, rpc::Gateway& gateway) : Room(doorkeeper), gateway_(gateway) {}

  void enter(session::Connection& session) override { gateway_.enter(session); }

 private:
  void on_message(session::Connection& session, frame::Opcode kind,
                  std::string_view payload) override {
    if (kind == frame::Opcode::Text || !session.tells_kinds()) {
      gateway_.on_text(session, payload);
    } else {
      session.close(frame::close_unsupported, "JSON-RPC comes in text messages");
    }
  }

  void on_drained(session::Connection& session) override { gateway_.on_drained(session); }

  void on_said_all(session::Connection& session, std::move_only_function<void()> done) override {
    gateway_.when_answered(session, std::move(done));
  }

  void leave(session::Connection& session) override { gateway_.leave(session); }

  rpc::Gateway& gateway_;
};

}  // namespace transport_ws::route
