// plugins/transport_ws/auth/jwt.hpp - JSON Web Tokens (RFC 7519), signed with HS256 or EdDSA.
//
// The algorithm belongs to the key: a token is checked with the key that its algorithm has here,
// and never with another one; "none" has none. Errors: PERMISSION with a reason that names no part
// of the token. Thread: any.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "auth/digest.hpp"
#include "auth/principal.hpp"

namespace transport_ws::auth {

inline constexpr std::size_t jwt_secret_bytes_min = 32;  // RFC 7518 section 3.2
inline constexpr std::size_t principal_bytes_max = 255;
inline constexpr std::size_t token_bytes_max = 16U << 10U;

struct JwtSettings {
  std::string secret;    // for HS256; empty: HS256 is not accepted
  PublicKey public_key;  // for EdDSA; null: EdDSA is not accepted
  std::string issuer;    // empty: any
  std::string audience;  // empty: any
  std::chrono::milliseconds leeway{};

  [[nodiscard]] bool given() const noexcept { return !secret.empty() || public_key != nullptr; }
};

/// A list that the token does not have is the one of `usual`.
[[nodiscard]] bp::result<Principal> read_jwt(std::string_view token, const JwtSettings& settings,
                                             const Grants& usual, Time now);

}  // namespace transport_ws::auth
