// tests/plugins/transport_ws/auth/doors.hpp - settings of a server that knows a few tokens.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "server/settings.hpp"
#include "tokens.hpp"

namespace transport_ws::auth {

/// Tokens "all" (may do everything), "some" (publish in.*, subscribe out, call bp.a/1), JSON Web
/// Tokens of jwt_secret.
inline void ask_for_tokens(server::Settings& settings, Mode mode) {
  VerifierSettings known;
  known.places = {"session", "token"};
  known.tokens = {{sha256("all"), {"admin", {{"*"}, {"*"}, {"*"}}, {}}},
                  {sha256("some"), {"sensor", {{"in.*"}, {"out"}, {"bp.a/1"}}, {}}}};
  known.certificates = {{"CN=sensor-*", "", {{"*"}, {"*"}, {}}}};
  known.jwt.secret = jwt_secret;
  known.usual = {{"*"}, {"*"}, {"*"}};
  settings.auth.mode = mode;
  settings.auth.places = known.places;
  settings.auth.verifier = std::make_shared<const Verifier>(known);
}

/// A token of "me" that is good for that long.
inline std::string token_for(std::chrono::milliseconds time) {
  const auto end =
      std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()) + time;
  return hs256(R"({"sub":"me","exp":)" +
               std::to_string(static_cast<double>(end.time_since_epoch().count()) / 1000) + "}");
}

inline std::string bearer(const std::string& token) {
  return "Authorization: Bearer " + token + "\r\n";
}

}  // namespace transport_ws::auth
