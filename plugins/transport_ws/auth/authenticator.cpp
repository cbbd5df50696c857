// plugins/transport_ws/auth/authenticator.cpp - asking, and reading what a service answered.
#include "auth/authenticator.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "json/json.hpp"

namespace transport_ws::auth {

namespace {

constexpr std::string_view method = "Authenticate";

std::vector<std::string> texts_of(const json::Value& reply, std::string_view name) {
  std::vector<std::string> texts;
  const json::Child* list = reply.find(name);
  const auto items = list == nullptr ? json::read("[]") : json::read(list->text);
  if (items) {
    for (const json::Child& item : items->children) {
      texts.push_back(json::unquoted(item.text));
    }
  }
  return texts;
}

}  // namespace

http::Refusal refusal_of(const bp::error& why) {
  return why.code() == BP_E_PERMISSION
             ? http::Refusal{401, "not authenticated: " + why.message()}
             : http::Refusal{503, "authentication is not available now: " + why.message()};
}

bp::result<Principal> principal_of_reply(std::string_view json) {
  const auto reply = json::read(json);
  if (!reply || reply->kind != json::Kind::Object) {
    return bp::fail(BP_E_SCHEMA, "the provider answered without an object");
  }
  const json::Child* refused = reply->find("refused");
  if (refused != nullptr && refused->kind == json::Kind::String && refused->text != R"("")") {
    return bp::fail(BP_E_PERMISSION, json::unquoted(refused->text));
  }
  const json::Child* name = reply->find("principal");
  Principal principal;
  principal.name = name == nullptr ? std::string() : json::unquoted(name->text);
  if (principal.name.empty() || principal.name.size() > principal_bytes_max) {
    return bp::fail(BP_E_SCHEMA, "the provider answered without a 'principal' of 1 to 255 bytes");
  }
  principal.grants = {texts_of(*reply, "publish"), texts_of(*reply, "subscribe"),
                      texts_of(*reply, "call")};
  if (const json::Child* expires = reply->find("expires_ms")) {
    const auto since_1970 =
        json::to_uint(expires->kind == json::Kind::String ? json::unquoted(expires->text)
                                                          : std::string(expires->text));
    if (since_1970 && *since_1970 > 0) {
      principal.expires = Time(std::chrono::milliseconds(*since_1970));
    }
  }
  return principal;
}

bool Authenticator::asks_before_upgrade(const Evidence& evidence) const noexcept {
  switch (settings_.mode) {
    case Mode::None:
    case Mode::FirstMessage:
      return false;
    case Mode::Upgrade:
      return true;
    case Mode::Either:
      break;
  }
  return !token_of(evidence, settings_.places).empty() || !evidence.certificate.empty();
}

void Authenticator::authenticate(const Evidence& evidence, Answer answer) {
  if (settings_.service.empty()) {
    const auto now =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    answer(settings_.verifier == nullptr
               ? bp::result<Principal>(bp::fail(BP_E_UNAVAILABLE, "no provider is configured"))
               : settings_.verifier->verify(evidence, now));
    return;
  }
  bus_.call(settings_.service, method, to_json(evidence), settings_.deadline_ms, nullptr,
            [answer = std::move(answer)](const bp::result<std::string>& reply) mutable {
              if (reply) {
                answer(principal_of_reply(*reply));
              } else {
                answer(std::unexpected(reply.error()));
              }
            });
}

}  // namespace transport_ws::auth
