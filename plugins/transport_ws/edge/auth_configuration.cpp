// plugins/transport_ws/edge/auth_configuration.cpp - one provider, and all that it needs.
#include "edge/auth_configuration.hpp"

#include <memory>

#include <fmt/format.h>

#include "tls/file.hpp"

namespace transport_ws::edge {

namespace {

constexpr std::chrono::milliseconds longest{3'600'000};

std::unexpected<bp::error> wrong(std::string text) {
  return std::unexpected(bp::error(BP_E_CONFIG, std::move(text)));
}

template <typename From>
auth::Grants grants_of(const From& from, const auth::Grants& usual) {
  return {from.publish.value_or(usual.publish), from.subscribe.value_or(usual.subscribe),
          from.call.value_or(usual.call)};
}

bp::result<void> read_tokens(const AuthConfiguration& from, auth::VerifierSettings& settings) {
  for (const auto& [name, token] : from.tokens) {
    const auto digest = auth::digest_of_hex(token.sha256);
    if (!digest || name.empty() || name.size() > auth::principal_bytes_max) {
      return wrong(fmt::format(
          "'auth.tokens.{}' needs a name of 1 to {} bytes and 'sha256', 64 hex digits; fix: "
          "printf %s \"$TOKEN\" | sha256sum",
          name, auth::principal_bytes_max));
    }
    settings.tokens.push_back({*digest, {name, grants_of(token, settings.usual), std::nullopt}});
  }
  return {};
}

// A fingerprint that could not be one would match nobody, for ever and in silence.
bool is_match(std::string_view match) noexcept {
  constexpr std::string_view kind = "sha256:";
  constexpr std::size_t digits = 64;
  if (!match.starts_with(kind)) {
    return !match.empty();
  }
  const std::string_view fingerprint = match.substr(kind.size());
  return fingerprint.find_first_not_of("0123456789abcdef*") == std::string_view::npos &&
         (fingerprint.size() == digits || fingerprint.find('*') != std::string_view::npos);
}

bp::result<void> read_certificates(const AuthConfiguration& from,
                                   auth::VerifierSettings& settings) {
  for (const CertificateConfiguration& rule : from.certificates) {
    if (!is_match(rule.match) || rule.principal.size() > auth::principal_bytes_max) {
      return wrong(
          "'auth.certificates' needs 'match', a pattern for a subject (CN=...), a name (DNS:...) "
          "or sha256:<fingerprint>, 64 small hex digits; fix: openssl x509 -noout -fingerprint "
          "-sha256 -in <certificate> | sed 's/.*=//; s/://g' | tr A-F a-f");
    }
    settings.certificates.push_back({rule.match, rule.principal, grants_of(rule, settings.usual)});
  }
  return {};
}

std::string without_newline(std::string text) {
  while (text.ends_with('\n') || text.ends_with('\r')) {
    text.pop_back();
  }
  return text;
}

bp::result<void> read_jwt_keys(const JwtConfiguration& from, std::string_view folder,
                               auth::JwtSettings& settings) {
  if (from.secret_file.empty() && from.public_key.empty()) {
    return wrong("'auth.jwt' needs 'secret_file' (HS256) or 'public_key' (EdDSA)");
  }
  if (from.leeway < std::chrono::milliseconds::zero() || from.leeway > longest) {
    return wrong("'auth.jwt.leeway' must be from 0s to 1h");
  }
  if (!from.secret_file.empty()) {
    auto secret = tls::read_file(tls::path_in(folder, from.secret_file), tls::Readers::Owner);
    if (!secret) {
      return std::unexpected(std::move(secret).error().during("reading 'auth.jwt.secret_file'"));
    }
    settings.secret = without_newline(std::move(*secret));
    if (settings.secret.size() < auth::jwt_secret_bytes_min) {
      return wrong(fmt::format(
          "'auth.jwt.secret_file' holds less than {0} bytes, which can be guessed; fix: openssl "
          "rand -hex {0} > <the file>",
          auth::jwt_secret_bytes_min));
    }
  }
  if (!from.public_key.empty()) {
    auto key = auth::read_ed25519(tls::path_in(folder, from.public_key));
    if (!key) {
      return std::unexpected(std::move(key).error().during("reading 'auth.jwt.public_key'"));
    }
    settings.public_key = std::move(*key);
  }
  settings.issuer = from.issuer;
  settings.audience = from.audience;
  settings.leeway = from.leeway;
  return {};
}

// The host fills in what the schema has defaults for, so an object alone says nothing.
bool has_jwt(const AuthConfiguration& from) noexcept {
  return from.jwt && (!from.jwt->secret_file.empty() || !from.jwt->public_key.empty() ||
                      !from.jwt->issuer.empty() || !from.jwt->audience.empty());
}

// An open door must be meant so; a door with two keepers has none that answers for it.
bp::result<void> check_provider(const AuthConfiguration& from) {
  const bool built_in = !from.tokens.empty() || !from.certificates.empty() || has_jwt(from);
  if (from.mode == auth::Mode::None && (built_in || !from.service.empty())) {
    return wrong(
        "'auth' names credentials but 'auth.mode' is none; fix: set it to upgrade, "
        "first_message or either");
  }
  if (from.mode != auth::Mode::None && built_in != from.service.empty()) {
    return wrong(built_in ? "'auth.service' and 'auth.tokens', 'auth.jwt', 'auth.certificates' "
                            "exclude each other: one provider decides"
                          : "'auth.mode' needs a provider; fix: give 'auth.service', or "
                            "'auth.tokens', 'auth.jwt' or 'auth.certificates'");
  }
  if (!from.service.empty() && from.service.find('/') == std::string::npos) {
    return wrong("'auth.service' must be a service with its version, as bp.transport.auth/1");
  }
  if (from.deadline < std::chrono::milliseconds(1) || from.deadline > longest) {
    return wrong("'auth.deadline' must be from 1ms to 1h");
  }
  return {};
}

}  // namespace

bp::result<auth::AuthSettings> auth_settings(const AuthConfiguration& from,
                                             std::string_view folder) {
  BP_TRY(check_provider(from));
  auth::VerifierSettings verifier;
  verifier.places = {from.cookie, from.query};
  verifier.usual = {from.defaults.publish, from.defaults.subscribe, from.defaults.call};
  BP_TRY(read_tokens(from, verifier));
  BP_TRY(read_certificates(from, verifier));
  if (has_jwt(from)) {
    BP_TRY(read_jwt_keys(*from.jwt, folder, verifier.jwt));
  }
  auth::AuthSettings settings;
  settings.mode = from.mode;
  settings.service = from.service;
  settings.places = verifier.places;
  settings.deadline_ms = static_cast<std::uint32_t>(from.deadline.count());
  if (from.service.empty()) {
    settings.verifier = std::make_shared<const auth::Verifier>(std::move(verifier));
  }
  return settings;
}

}  // namespace transport_ws::edge
