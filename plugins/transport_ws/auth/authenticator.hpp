// plugins/transport_ws/auth/authenticator.hpp - who decides: the verifier that is built in, or a
// service of the backplane.
//
// Thread: its io thread; answers come there, also from inside the call that asked.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "auth/evidence.hpp"
#include "auth/principal.hpp"
#include "auth/verifier.hpp"
#include "limits.hpp"
#include "rpc/bus.hpp"

namespace transport_ws::auth {

enum class Mode : std::uint8_t {
  None,          // everybody may connect, and do what the instance may do
  Upgrade,       // the request must show credentials
  FirstMessage,  // the first message must
  Either         // the request, or else the first message
};

struct AuthSettings {
  Mode mode = Mode::None;
  std::string service;  // "bp.transport.auth/1"; empty: the verifier
  std::shared_ptr<const Verifier> verifier;
  Places places;
  std::uint32_t deadline_ms = auth_deadline_ms_default;  // of the first message, and of a service
};

class Authenticator {
 public:
  /// Errors: PERMISSION (refused), anything else (nobody could decide).
  using Answer = std::move_only_function<void(bp::result<Principal>)>;

  /// The settings and the bus must outlive it.
  Authenticator(const AuthSettings& settings, rpc::Bus& bus) : settings_(settings), bus_(bus) {}

  [[nodiscard]] Mode mode() const noexcept { return settings_.mode; }

  [[nodiscard]] std::uint32_t deadline_ms() const noexcept { return settings_.deadline_ms; }

  /// The parameter of a request's query that may show a token; empty: none may.
  [[nodiscard]] std::string_view query_parameter() const noexcept { return settings_.places.query; }

  /// Must this request be asked about before its upgrade?
  [[nodiscard]] bool asks_before_upgrade(const Evidence& evidence) const noexcept;

  void authenticate(const Evidence& evidence, Answer answer);

 private:
  const AuthSettings& settings_;
  rpc::Bus& bus_;
};

/// What the client is told before the upgrade: 401, or 503 where nobody could decide.
[[nodiscard]] http::Refusal refusal_of(const bp::error& why);

/// AuthenticateReply of sdk/contract/transport_auth.fbs. Errors: PERMISSION (refused), SCHEMA.
[[nodiscard]] bp::result<Principal> principal_of_reply(std::string_view json);

}  // namespace transport_ws::auth
