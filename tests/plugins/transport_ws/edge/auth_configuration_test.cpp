// tests/plugins/transport_ws/edge/auth_configuration_test.cpp - one provider, its keys, and
// refusals that name the key.
#include "edge/auth_configuration.hpp"

#include <filesystem>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "../auth/tokens.hpp"

namespace transport_ws::edge {
namespace {

bp::result<auth::AuthSettings> read(const std::string& text, const std::string& folder = "/data") {
  const auto configuration = bp::config_from_json<AuthConfiguration>(text);
  if (!configuration) {
    return std::unexpected(configuration.error());
  }
  return auth_settings(*configuration, folder);
}

const std::string hash(64, 'a');

TEST(AuthConfiguration, IsOffUnlessGiven) {
  const auto settings = read("{}");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->mode, auth::Mode::None);
  // As the host hands it over, with every default filled in.
  EXPECT_TRUE(read(R"({"mode":"none","service":"","tokens":{},"certificates":[],
      "jwt":{"secret_file":"","public_key":"","issuer":"","audience":"","leeway":"30s"}})"));
}

TEST(AuthConfiguration, TakesAService) {
  const auto settings =
      read(R"({"mode":"first_message","service":"bp.transport.auth/1","deadline":"3s"})");
  ASSERT_TRUE(settings) << settings.error().text();
  EXPECT_EQ(settings->mode, auth::Mode::FirstMessage);
  EXPECT_EQ(settings->service, "bp.transport.auth/1");
  EXPECT_EQ(settings->deadline_ms, 3'000U);
  EXPECT_EQ(settings->verifier, nullptr);
}

TEST(AuthConfiguration, TakesTokensCertificatesAndKeys) {
  const tls::Folder folder;
  folder.write("secret", auth::jwt_secret + "\n");
  folder.write("key.pem", auth::SigningKey().public_pem());
  const auto token = auth::sha256("secret");
  std::string hex;
  for (const unsigned char byte : token) {
    hex += fmt::format("{:02x}", byte);
  }
  const auto settings =
      read(R"({"mode":"either","cookie":"c","query":"q","tokens":{"ops":{"sha256":")" + hex +
               R"(","publish":["a"]}},"certificates":[{"match":"CN=*"}],
          "jwt":{"secret_file":"secret","public_key":"key.pem","leeway":"1s"},
          "defaults":{"subscribe":["b"]}})",
           folder.path());
  ASSERT_TRUE(settings) << settings.error().text();
  EXPECT_EQ(settings->places.cookie, "c");
  EXPECT_EQ(settings->places.query, "q");
  const auto verify = [&](const std::string& shown) {
    auth::Evidence evidence;
    evidence.fields = {{"Authorization", "Bearer " + shown}};
    return settings->verifier->verify(evidence, auth::Time(std::chrono::seconds(1'000'000)));
  };
  const auto ops = verify("secret");
  ASSERT_TRUE(ops);
  EXPECT_EQ(ops->name, "ops");
  EXPECT_TRUE(ops->may_publish("a"));
  EXPECT_TRUE(ops->may_subscribe("b"));
  EXPECT_FALSE(ops->may_call("s/1", "M"));
  EXPECT_TRUE(verify(auth::hs256(R"({"sub":"me","exp":1000000})")));
}

TEST(AuthConfiguration, NamesWhatIsWrong) {
  for (const auto& [text, key] :
       {std::pair<std::string, std::string>{R"({"mode":"upgrade"})",
                                            "'auth.mode' needs a provider"},
        {R"({"service":"bp.transport.auth/1"})", "'auth.mode' is none"},
        {R"({"tokens":{"a":{"sha256":")" + hash + R"("}}})", "'auth.mode' is none"},
        {R"({"mode":"upgrade","service":"bp.transport.auth"})", "'auth.service'"},
        {R"({"mode":"upgrade","service":"a/1","tokens":{"a":{"sha256":")" + hash + R"("}}})",
         "exclude each other"},
        {R"({"mode":"upgrade","tokens":{"a":{"sha256":"secret"}}})", "'auth.tokens.a'"},
        {R"({"mode":"upgrade","tokens":{"a":{}}})", "sha256"},
        {R"({"mode":"upgrade","certificates":[{"match":""}]})", "'auth.certificates'"},
        {R"({"mode":"upgrade","certificates":[{"match":"sha256:zz"}]})", "'auth.certificates'"},
        {R"({"mode":"upgrade","certificates":[{"match":"sha256:ab"}]})", "'auth.certificates'"},
        {R"({"mode":"upgrade","jwt":{}})", "'auth.mode' needs a provider"},
        {R"({"mode":"upgrade","jwt":{"issuer":"i"}})", "'auth.jwt'"},
        {R"({"mode":"upgrade","jwt":{"secret_file":"x","leeway":"2h"}})", "'auth.jwt.leeway'"},
        {R"({"mode":"upgrade","service":"a/1","deadline":"0s"})", "'auth.deadline'"},
        {R"({"mode":"sometimes"})", "mode"}}) {
    const auto settings = read(text);
    ASSERT_FALSE(settings) << text;
    EXPECT_EQ(settings.error().code(), BP_E_CONFIG) << text;
    EXPECT_NE(settings.error().text().find(key), std::string::npos) << settings.error().text();
  }
}

TEST(AuthConfiguration, RefusesKeysThatAreNone) {
  const tls::Folder folder;
  const auto with = [&](const std::string& key, const std::string& file) {
    const auto settings =
        read(R"({"mode":"upgrade","jwt":{")" + key + R"(":")" + file + R"("}})", folder.path());
    return settings ? "" : settings.error().text();
  };
  EXPECT_NE(with("secret_file", "nothing").find("'auth.jwt.secret_file'"), std::string::npos);
  folder.write("short", "secret");
  EXPECT_NE(with("secret_file", "short").find("less than 32 bytes"), std::string::npos);
  EXPECT_EQ(with("secret_file", "short").find("secret\""), std::string::npos);
  std::filesystem::permissions(folder.write("open", auth::jwt_secret),
                               std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  EXPECT_NE(with("secret_file", "open").find("chmod 600"), std::string::npos);
  EXPECT_NE(with("public_key", "short").find("no Ed25519 public key"), std::string::npos);
}

}  // namespace
}  // namespace transport_ws::edge
