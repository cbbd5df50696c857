// plugins/transport_ws/route/echo.hpp - every message comes back: for measuring, and for the health
// check of a whole server.
//
// Every check and limit of a connection holds here too. No allocation per message: the answers of
// one read are collected in the io thread's buffer and leave in one write.
#pragma once

#include "route/room.hpp"

namespace transport_ws::route {

class Echo final : public Room {
 public:
  using Room::Room;

 private:
  void on_message(session::Connection& session, frame::Opcode kind,
                  std::string_view payload) override {
    session.reply(kind, payload);
  }
};

}  // namespace transport_ws::route
