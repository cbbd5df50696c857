// plugins/transport_ws/session/peer.hpp - one connected client as the gateway sees it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "auth/principal.hpp"
#include "frame/outbox.hpp"

namespace transport_ws::session {

class Peer {
 public:
  [[nodiscard]] virtual std::uint64_t id() const noexcept = 0;

  /// An answer; a client that has no room for it is cut off.
  virtual void send_answer(frame::Frame frame) = 0;
  /// An event; what does not fit follows the policy.
  [[nodiscard]] virtual frame::Outbox::Put send_event(frame::Frame frame) = 0;

  /// Would an event be refused now? Then it waits for this client: see expect_drain().
  [[nodiscard]] virtual bool must_wait() const noexcept = 0;
  /// The gateway's on_drained() follows, or within the block time its leave(): then the client was
  /// cut off with 1013 and `reason`.
  virtual void expect_drain(std::string reason) = 0;
  /// It reads too slowly: closed with 1013 and `reason`, what is queued is dropped.
  virtual void cut_off(std::string_view reason) = 0;

  /// Who it is and what it may do; null: nobody was asked, everything is allowed.
  [[nodiscard]] virtual const auth::Principal* principal() const noexcept { return nullptr; }

 protected:
  Peer() = default;
  Peer(const Peer&) = default;
  Peer& operator=(const Peer&) = default;
  ~Peer() = default;
};

}  // namespace transport_ws::session
