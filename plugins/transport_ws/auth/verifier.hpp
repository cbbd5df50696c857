// plugins/transport_ws/auth/verifier.hpp - the provider that is built in: tokens by their hash,
// JSON Web Tokens, client certificates.
//
// Errors: PERMISSION with a reason that names no secret. Thread: any; nothing changes after it is
// made.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/evidence.hpp"
#include "auth/jwt.hpp"
#include "auth/principal.hpp"

namespace transport_ws::auth {

/// Where a token is looked for, beside "Authorization: Bearer".
struct Places {
  std::string cookie;  // name; empty: no cookie is looked at
  std::string query;   // name; empty: no parameter is looked at
};

struct Token {
  Digest sha256;
  Principal principal;
};

struct CertificateRule {
  std::string match;      // a pattern for the subject, one of the names, or "sha256:<fingerprint>"
  std::string principal;  // empty: what matched
  Grants grants;
};

struct VerifierSettings {
  Places places;
  std::vector<Token> tokens;
  std::vector<CertificateRule> certificates;  // the first one that matches counts
  JwtSettings jwt;
  Grants usual;  // of tokens that have no lists of their own
};

/// The token that the request shows; empty: none.
[[nodiscard]] std::string_view token_of(const Evidence& evidence, const Places& places) noexcept;

/// {"token": ...} of the first message's 'params'; empty: it has none.
[[nodiscard]] std::string token_of_message(std::string_view message);

class Verifier {
 public:
  explicit Verifier(VerifierSettings settings) : settings_(std::move(settings)) {}

  /// A token counts before a certificate: one that is wrong is refused.
  [[nodiscard]] bp::result<Principal> verify(const Evidence& evidence, Time now) const;

 private:
  [[nodiscard]] bp::result<Principal> verify_token(std::string_view token, Time now) const;
  [[nodiscard]] std::optional<Principal> by_certificate(const tls::Identity& shown) const;

  VerifierSettings settings_;
};

}  // namespace transport_ws::auth
