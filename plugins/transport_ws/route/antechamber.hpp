// plugins/transport_ws/route/antechamber.hpp - connections that have not said yet who they are:
// their first message does.
//
// {"jsonrpc":"2.0","id":1,"method":"authenticate","params":{"token":"..."}}. Accepted: the answer
// is
// {"principal": ...} and the connection goes to its room with what it sent meanwhile. Refused, late
// or anything else: closed with 4401; nobody to decide: 1013. Thread: its io thread, all of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "auth/authenticator.hpp"
#include "net/socket.hpp"
#include "route/room.hpp"

namespace transport_ws::route {

/// Not from the registry of codes: these are for applications (RFC 6455 section 7.4.2).
inline constexpr std::uint16_t close_unauthenticated = 4401;
inline constexpr std::uint16_t close_expired = 4402;

class Antechamber final : public Room {
 public:
  /// What lies behind the door.
  class Doors {
   public:
    /// Binds the connection to its principal. PERMISSION: it may not go there; other errors: not
    /// now.
    virtual bp::result<void> identify(session::Connection& session, std::size_t route,
                                      auth::Principal principal) = 0;
    [[nodiscard]] virtual Room& room(std::size_t route) = 0;

   protected:
    ~Doors() = default;
  };

  /// All must outlive it.
  Antechamber(Doorkeeper& doorkeeper, Doors& doors, asio::io_context& context,
              auth::Authenticator& authenticator);
  ~Antechamber() override;
  Antechamber(const Antechamber&) = delete;
  Antechamber& operator=(const Antechamber&) = delete;

  /// After enter(): where it wants to go, and what it has shown so far.
  void expect(session::Connection& session, std::size_t route, auth::Evidence evidence);

 private:
  struct Guest;

  void on_message(session::Connection& session, frame::Opcode kind,
                  std::string_view payload) override;
  void leave(session::Connection& session) override;
  void judge(const std::shared_ptr<Guest>& guest, bp::result<auth::Principal> verdict);
  static void refuse(Guest& guest, const bp::error& why);
  void pass(const std::shared_ptr<Guest>& guest, const std::string& answer);

  Doors& doors_;
  asio::io_context& context_;
  auth::Authenticator& authenticator_;
  std::unordered_map<std::uint64_t, std::shared_ptr<Guest>> guests_;
  std::shared_ptr<const bool> alive_;  // verdicts that come after our end find it expired
};

}  // namespace transport_ws::route
