// plugins/transport_ws/session/connection.hpp - one open connection as its room and its loop see
// it, whatever it speaks.
//
// Implemented by session::Session (WebSocket) and tcp::Session (lines, lengths). What it sends are
// frames of RFC 6455, which connections share; one that speaks something else sends their payloads.
// Thread: its io thread, all of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "frame/codec.hpp"
#include "frame/outbox.hpp"
#include "session/peer.hpp"

namespace transport_ws::session {

class Connection : public Peer {
 public:
  class Owner {
   public:
    /// A whole message. The view is valid during the call.
    virtual void on_message(Connection& connection, frame::Opcode kind,
                            std::string_view payload) = 0;

    /// It reads more slowly than it is sent to: from now on events wait or are dropped. Once until
    /// half of its queue has left.
    virtual void on_slow(Connection& /*connection*/) {}

    /// After expect_drain(): there is room again.
    virtual void on_drained(Connection& connection) = 0;

    /// The other side says nothing more, but may still listen: `done` closes the connection, when
    /// what it asked for is answered. It may be called at any time, also after the end.
    virtual void on_said_all(Connection& /*connection*/, std::move_only_function<void()> done) {
      done();
    }

    /// Once, at the first sign of the end: nothing that is sent from now on arrives.
    virtual void on_closing(Connection& connection) = 0;
    /// Once, last: the connection is gone.
    virtual void on_closed(Connection& connection, std::uint16_t code, std::string_view reason) = 0;

   protected:
    ~Owner() = default;
  };

  /// `already_read`: what came before it was made.
  virtual void start(std::string_view already_read) = 0;

  /// An answer to the message at hand, within Owner::on_message(): leaves in one write with the
  /// other replies to what was read.
  virtual void reply(frame::Opcode opcode, std::string_view payload) = 0;

  /// Takes nothing further from the connection, so that the other side has to wait, until
  /// go_on_reading(). What was read already still comes.
  virtual void hold_reading() noexcept = 0;
  virtual void go_on_reading() = 0;

  /// From the next message on; also within Owner::on_message().
  virtual void pass_to(std::shared_ptr<Owner> owner) noexcept = 0;
  virtual void identify(std::unique_ptr<const auth::Principal> principal) noexcept = 0;

  /// Writes what is queued, then says goodbye as the protocol has it, then waits for the other side
  /// (bounded).
  virtual void close(std::uint16_t code, std::string_view reason) = 0;

  /// Does its protocol tell text from bytes? Otherwise every message comes as bytes.
  [[nodiscard]] virtual bool tells_kinds() const noexcept { return true; }

  /// Why its protocol cannot carry this; empty: it can.
  [[nodiscard]] virtual std::string_view problem_with(const frame::Frame& /*frame*/) const {
    return {};
  }

  /// What waits to be written.
  [[nodiscard]] virtual std::size_t queued_bytes() const noexcept = 0;
  [[nodiscard]] virtual bool open() const noexcept = 0;
  [[nodiscard]] virtual std::shared_ptr<Connection> keep() = 0;

 protected:
  Connection() = default;
  Connection(const Connection&) = default;
  Connection& operator=(const Connection&) = default;
  ~Connection() = default;
};

}  // namespace transport_ws::session
