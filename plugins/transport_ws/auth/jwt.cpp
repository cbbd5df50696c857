// plugins/transport_ws/auth/jwt.cpp - signature first; nothing of an unsigned claim is looked at.
#include "auth/jwt.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "json/json.hpp"

namespace transport_ws::auth {

namespace {

std::unexpected<bp::error> refuse(std::string reason) {
  return std::unexpected(bp::error(BP_E_PERMISSION, "the token is " + std::move(reason)));
}

// header.payload.signature
struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view covered;  // header and payload: what was signed
};

std::optional<Parts> split(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos ||
      token.size() > token_bytes_max) {
    return std::nullopt;
  }
  return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1),
               token.substr(second + 1), token.substr(0, second)};
}

std::string text_of(const json::Value& object, std::string_view name) {
  const json::Child* child = object.find(name);
  return child != nullptr && child->kind == json::Kind::String ? json::unquoted(child->text)
                                                               : std::string();
}

bool is_signed(const Parts& parts, std::string_view algorithm, std::string_view signature,
               const JwtSettings& settings) {
  if (algorithm == "HS256" && !settings.secret.empty()) {
    Digest given{};
    if (signature.size() != given.size()) {
      return false;
    }
    std::ranges::copy(signature, given.begin());
    return same(given, hmac_sha256(settings.secret, parts.covered));
  }
  return algorithm == "EdDSA" && settings.public_key != nullptr &&
         verify_ed25519(settings.public_key, parts.covered, signature);
}

// NumericDate: seconds since 1970, with a fraction perhaps. None: missing or no such number.
std::optional<Time> time_of(const json::Value& claims, std::string_view name) {
  constexpr double seconds_max = 253'402'300'799.0;  // the year 9999
  const json::Child* child = claims.find(name);
  double seconds = 0;
  if (child == nullptr || child->kind != json::Kind::Number) {
    return std::nullopt;
  }
  const char* const end = child->text.data() + child->text.size();
  if (std::from_chars(child->text.data(), end, seconds).ptr != end || seconds < 0 ||
      seconds > seconds_max) {
    return std::nullopt;
  }
  return Time(std::chrono::milliseconds(std::llround(seconds * 1000)));
}

bp::result<std::vector<std::string>> texts_of(const json::Child& list, std::string_view name) {
  std::vector<std::string> texts;
  const auto read = json::read(list.text);
  if (list.kind == json::Kind::Array && read) {
    for (const json::Child& item : read->children) {
      texts.push_back(item.kind == json::Kind::String ? json::unquoted(item.text) : "");
    }
  }
  if (list.kind != json::Kind::Array || std::ranges::find(texts, "") != texts.end()) {
    return refuse("wrong: '" + std::string(name) + "' is no list of texts");
  }
  return texts;
}

bool is_for(const json::Value& claims, const std::string& audience) {
  const json::Child* child = claims.find("aud");
  if (child == nullptr || child->kind == json::Kind::String) {
    return text_of(claims, "aud") == audience;
  }
  const auto many = texts_of(*child, "aud");
  return many && std::ranges::find(*many, audience) != many->end();
}

bp::result<Time> check_claims(const json::Value& claims, const JwtSettings& settings, Time now) {
  const auto expires = time_of(claims, "exp");
  if (!expires) {
    return refuse("without a valid 'exp'");
  }
  if (now >= *expires + settings.leeway) {
    return refuse("expired");
  }
  for (const std::string_view name : {"nbf", "iat"}) {
    const auto begins = time_of(claims, name);
    if (claims.find(name) != nullptr && (!begins || now + settings.leeway < *begins)) {
      return refuse("not valid yet: '" + std::string(name) + "'");
    }
  }
  if (!settings.issuer.empty() && text_of(claims, "iss") != settings.issuer) {
    return refuse("of another issuer");
  }
  if (!settings.audience.empty() && !is_for(claims, settings.audience)) {
    return refuse("for another audience");
  }
  return *expires + settings.leeway;
}

bp::result<void> check_header(const json::Value& header) {
  // Extensions that must be understood: we understand none (RFC 7515 section 4.1.11).
  return header.kind != json::Kind::Object ? refuse("no JSON Web Token")
         : header.find("crit") != nullptr  ? refuse("one with unknown extensions")
                                           : bp::result<void>();
}

}  // namespace

bp::result<Principal> read_jwt(std::string_view token, const JwtSettings& settings,
                               const Grants& usual, Time now) {
  const auto parts = split(token);
  const auto header_text = parts ? from_base64url(parts->header) : std::nullopt;
  const auto payload = parts ? from_base64url(parts->payload) : std::nullopt;
  const auto signature = parts ? from_base64url(parts->signature) : std::nullopt;
  if (!header_text || !payload || !signature) {
    return refuse("no JSON Web Token");
  }
  const auto header = json::read(*header_text);
  if (!header) {
    return refuse("no JSON Web Token");
  }
  BP_TRY(check_header(*header));
  if (!is_signed(*parts, text_of(*header, "alg"), *signature, settings)) {
    return refuse("not signed by a key that is accepted here");
  }
  const auto claims = json::read(*payload);
  if (!claims || claims->kind != json::Kind::Object) {
    return refuse("without claims");
  }
  const auto expires = check_claims(*claims, settings, now);
  BP_TRY(expires);
  Principal principal{text_of(*claims, "sub"), usual, *expires};
  if (principal.name.empty() || principal.name.size() > principal_bytes_max) {
    return refuse("without a 'sub' of 1 to 255 bytes");
  }
  for (const auto& [name, into] :
       {std::pair<std::string_view, std::vector<std::string>&>{"publish", principal.grants.publish},
        {"subscribe", principal.grants.subscribe},
        {"call", principal.grants.call}}) {
    if (const json::Child* list = claims->find(name)) {
      auto texts = texts_of(*list, name);
      BP_TRY(texts);
      into = std::move(*texts);
    }
  }
  return principal;
}

}  // namespace transport_ws::auth
