// tests/plugins/transport_ws/auth/verifier_test.cpp - tokens by hash, places they come from,
// certificates.
#include "auth/verifier.hpp"

#include <string>

#include <gtest/gtest.h>

#include "tokens.hpp"

namespace transport_ws::auth {
namespace {

constexpr Time now(std::chrono::seconds(1'000'000));

VerifierSettings settings() {
  VerifierSettings made;
  made.places = {"session", "token"};
  made.tokens = {{sha256("secret-1"), {"one", {{"in"}, {}, {}}, {}}},
                 {sha256("secret-2"), {"two", {}, {}}}};
  made.certificates = {{"DNS:*.sensors.example.org", "", {{"in"}, {}, {}}},
                       {"CN=admin", "root", {}},
                       {"sha256:ff*", "by-print", {}}};
  return made;
}

std::string name_of(const Evidence& evidence) {
  const auto read = Verifier(settings()).verify(evidence, now);
  return read ? read->name : read.error().message();
}

Evidence with_field(const std::string& name, const std::string& value) {
  http::Request request;
  request.target = "/";
  request.fields = {{name, value}};
  return evidence_of(request, "a", {});
}

TEST(Verifier, KnowsTokensByTheirHash) {
  EXPECT_EQ(name_of(with_field("Authorization", "Bearer secret-1")), "one");
  EXPECT_EQ(name_of(with_field("Authorization", "Bearer secret-2")), "two");
  EXPECT_EQ(name_of(with_field("Authorization", "Bearer secret-3")), "the token is not known");
  EXPECT_EQ(name_of(with_field("Authorization", "Basic secret-1")), "no credentials were shown");
}

TEST(Verifier, LooksInCookieQueryAndFirstMessage) {
  EXPECT_EQ(name_of(with_field("Cookie", "session=secret-1")), "one");
  EXPECT_EQ(name_of(with_field("Cookie", "other=secret-1")), "no credentials were shown");
  http::Request request;
  request.target = "/?token=secret-2";
  EXPECT_EQ(name_of(evidence_of(request, "a", {})), "two");
  Evidence later;
  later.first_message = R"({"method":"authenticate","params":{"token":"secret-1"}})";
  EXPECT_EQ(name_of(later), "one");
  for (const std::string none :
       {"{}", "[]", "x", R"({"params":[]})", R"({"params":{"token":1}})"}) {
    later.first_message = none;
    EXPECT_EQ(name_of(later), "no credentials were shown") << none;
  }
}

TEST(Verifier, ReadsJsonWebTokensWhereThereIsAKey) {
  VerifierSettings with_jwt = settings();
  with_jwt.jwt.secret = jwt_secret;
  with_jwt.usual.subscribe = {"out"};
  const auto read = Verifier(with_jwt).verify(
      with_field("Authorization", "Bearer " + hs256(R"({"sub":"me","exp":1000100})")), now);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->name, "me");
  EXPECT_TRUE(read->may_subscribe("out"));
  const auto unknown =
      Verifier(with_jwt).verify(with_field("Authorization", "Bearer mistyped"), now);
  EXPECT_EQ(unknown.error().message(), "the token is not known");
}

TEST(Verifier, KnowsCertificates) {
  Evidence evidence;
  evidence.certificate = {"CN=x", {"DNS:a.sensors.example.org"}, "00"};
  EXPECT_EQ(name_of(evidence), "DNS:a.sensors.example.org");
  evidence.certificate = {"CN=admin", {}, "00"};
  EXPECT_EQ(name_of(evidence), "root");
  evidence.certificate = {"CN=x", {}, "ff00"};
  EXPECT_EQ(name_of(evidence), "by-print");
  evidence.certificate = {"CN=x", {}, "00"};
  EXPECT_EQ(name_of(evidence), "the certificate belongs to nobody who is known here");
}

TEST(Verifier, DoesNotTakeACertificateForAWrongToken) {
  Evidence evidence = with_field("Authorization", "Bearer wrong");
  evidence.certificate = {"CN=admin", {}, "00"};
  EXPECT_EQ(name_of(evidence), "the token is not known");
}

}  // namespace
}  // namespace transport_ws::auth
