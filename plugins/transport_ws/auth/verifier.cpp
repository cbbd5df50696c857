// plugins/transport_ws/auth/verifier.cpp - find what was shown, look it up.
#include "auth/verifier.hpp"

#include <algorithm>
#include <utility>

#include "json/json.hpp"

namespace transport_ws::auth {

std::string_view token_of(const Evidence& evidence, const Places& places) noexcept {
  std::string_view token = evidence.bearer();
  if (token.empty() && !places.cookie.empty()) {
    token = evidence.cookie(places.cookie);
  }
  if (token.empty() && !places.query.empty()) {
    token = evidence.parameter(places.query);
  }
  return token;
}

std::string token_of_message(std::string_view message) {
  const auto request = json::read(message);
  const json::Child* params = request ? request->find("params") : nullptr;
  const auto inside = params != nullptr ? json::read(params->text)
                                        : bp::result<json::Value>(bp::fail(BP_E_NOT_FOUND, ""));
  const json::Child* token = inside ? inside->find("token") : nullptr;
  return token != nullptr && token->kind == json::Kind::String ? json::unquoted(token->text)
                                                               : std::string();
}

bp::result<Principal> Verifier::verify(const Evidence& evidence, Time now) const {
  const std::string in_message = token_of_message(evidence.first_message);
  const std::string_view token =
      in_message.empty() ? token_of(evidence, settings_.places) : std::string_view(in_message);
  if (!token.empty()) {
    return verify_token(token, now);
  }
  if (auto principal = by_certificate(evidence.certificate)) {
    return std::move(*principal);
  }
  return bp::fail(BP_E_PERMISSION, evidence.certificate.empty()
                                       ? "no credentials were shown"
                                       : "the certificate belongs to nobody who is known here");
}

// All hashes are compared: the time tells neither which one fits nor that one does.
bp::result<Principal> Verifier::verify_token(std::string_view token, Time now) const {
  const Digest digest = sha256(token);
  const Principal* found = nullptr;
  for (const Token& each : settings_.tokens) {
    found = same(each.sha256, digest) ? &each.principal : found;
  }
  if (found != nullptr) {
    return *found;
  }
  // Where both kinds are known, what has not the shape of the one was meant for the other.
  const bool shaped = std::ranges::count(token, '.') == 2;
  if (settings_.jwt.given() && (shaped || settings_.tokens.empty())) {
    return read_jwt(token, settings_.jwt, settings_.usual, now);
  }
  return bp::fail(BP_E_PERMISSION, "the token is not known");
}

std::optional<Principal> Verifier::by_certificate(const tls::Identity& shown) const {
  if (shown.empty()) {
    return std::nullopt;
  }
  std::vector<std::string> names = shown.names;
  names.insert(names.begin(), shown.subject);
  names.push_back("sha256:" + shown.fingerprint);
  for (const CertificateRule& rule : settings_.certificates) {
    const auto name = std::ranges::find_if(
        names, [&](const std::string& each) { return matches(rule.match, each); });
    if (name != names.end()) {
      return Principal{rule.principal.empty() ? *name : rule.principal, rule.grants, std::nullopt};
    }
  }
  return std::nullopt;
}

}  // namespace transport_ws::auth
