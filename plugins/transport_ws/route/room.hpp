// plugins/transport_ws/route/room.hpp - where the connections of a route are once their handshake
// is done.
//
// A room owns its connections' messages, nothing else: sockets and places belong to the loop, which
// is told last. Thread: the loop's, all of it.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "session/connection.hpp"
#include "topic/announcement.hpp"

namespace transport_ws::route {

class Room : public session::Connection::Owner {
 public:
  /// Keeps the connections of every room.
  class Doorkeeper {
   public:
    /// See session::Connection::Owner.
    virtual void on_slow(session::Connection& session) = 0;
    /// At the first sign of the end: nothing that is sent from now on arrives.
    virtual void on_leaving(session::Connection& session) = 0;
    /// Last: the connection is gone.
    virtual void on_gone(session::Connection& session, std::uint16_t code,
                         std::string_view reason) = 0;

   protected:
    Doorkeeper() = default;
    Doorkeeper(const Doorkeeper&) = default;
    Doorkeeper& operator=(const Doorkeeper&) = default;
    ~Doorkeeper() = default;
  };

  explicit Room(Doorkeeper& doorkeeper) : doorkeeper_(doorkeeper) {}

  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  virtual ~Room() = default;

  /// Before its first message.
  virtual void enter(session::Connection& /*session*/) {}

  /// No new work from now on; `on_idle` is called once, when what is in flight has ended.
  virtual void drain(std::move_only_function<void()> on_idle) { on_idle(); }

  /// How its connections want the messages of topics that they follow.
  [[nodiscard]] virtual topic::Form form() const noexcept { return topic::Form::Raw; }

  void on_slow(session::Connection& session) final { doorkeeper_.on_slow(session); }

  void on_drained(session::Connection& /*session*/) override {}

  void on_closing(session::Connection& session) final {
    leave(session);
    doorkeeper_.on_leaving(session);
  }

  void on_closed(session::Connection& session, std::uint16_t code, std::string_view reason) final {
    doorkeeper_.on_gone(session, code, reason);
  }

 private:
  virtual void leave(session::Connection& /*session*/) {}

  Doorkeeper& doorkeeper_;
};

}  // namespace transport_ws::route
