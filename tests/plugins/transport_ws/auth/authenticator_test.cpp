// tests/plugins/transport_ws/auth/authenticator_test.cpp - whom it asks, and what it makes of
// answers.
#include "auth/authenticator.hpp"

#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "../rpc/fake_bus.hpp"

namespace transport_ws::auth {
namespace {

TEST(Authenticator, AsksTheVerifierAtOnce) {
  AuthSettings settings;
  settings.mode = Mode::Upgrade;
  VerifierSettings known;
  known.tokens = {{sha256("secret"), {"one", {}, {}}}};
  settings.verifier = std::make_shared<const Verifier>(known);
  rpc::FakeBus bus;
  Authenticator authenticator(settings, bus);
  Evidence evidence;
  evidence.fields = {{"Authorization", "Bearer secret"}};
  std::string name;
  authenticator.authenticate(evidence, [&](auto verdict) { name = verdict->name; });
  EXPECT_EQ(name, "one");
}

TEST(Authenticator, AsksBeforeTheUpgradeAsItsModeSays) {
  AuthSettings settings;
  rpc::FakeBus bus;
  Authenticator authenticator(settings, bus);
  Evidence nothing;
  Evidence something;
  something.fields = {{"Authorization", "Bearer x"}};
  Evidence certified;
  certified.certificate = {"CN=a", {}, "00"};
  for (const auto& [mode, bare, shown] :
       {std::tuple{Mode::None, false, false}, std::tuple{Mode::FirstMessage, false, false},
        std::tuple{Mode::Upgrade, true, true}, std::tuple{Mode::Either, false, true}}) {
    settings.mode = mode;
    EXPECT_EQ(authenticator.asks_before_upgrade(nothing), bare);
    EXPECT_EQ(authenticator.asks_before_upgrade(something), shown);
    EXPECT_EQ(authenticator.asks_before_upgrade(certified), shown);
  }
}

TEST(Authenticator, ReadsReplies) {
  const auto principal = principal_of_reply(
      R"({"principal":"me","publish":["a"],"subscribe":[],"call":["b","c"],"expires_ms":1500})");
  ASSERT_TRUE(principal) << principal.error().text();
  EXPECT_EQ(principal->name, "me");
  EXPECT_EQ(principal->grants.publish, std::vector<std::string>{"a"});
  EXPECT_EQ(principal->grants.call.size(), 2U);
  EXPECT_EQ(principal->expires, Time(std::chrono::milliseconds(1500)));
  EXPECT_EQ(principal_of_reply(R"({"principal":"me","expires_ms":"1500"})")->expires,
            principal->expires);
  EXPECT_FALSE(principal_of_reply(R"({"principal":"me","expires_ms":0})")->expires);
  const auto refused = principal_of_reply(R"({"refused":"go away","principal":"me"})");
  EXPECT_EQ(refused.error().code(), BP_E_PERMISSION);
  EXPECT_EQ(refused.error().message(), "go away");
  for (const std::string wrong : {"", "[]", "{}", R"({"principal":""})", R"({"principal":7})"}) {
    EXPECT_EQ(principal_of_reply(wrong).error().code(), BP_E_SCHEMA) << wrong;
  }
}

TEST(Authenticator, TellsRefusedFromUndecided) {
  EXPECT_EQ(refusal_of(bp::error(BP_E_PERMISSION, "no")).status, 401U);
  EXPECT_EQ(refusal_of(bp::error(BP_E_UNAVAILABLE, "no")).status, 503U);
  EXPECT_EQ(refusal_of(bp::error(BP_E_TIMEOUT, "no")).status, 503U);
  EXPECT_EQ(refusal_of(bp::error(BP_E_SCHEMA, "no")).status, 503U);
}

}  // namespace
}  // namespace transport_ws::auth
