// tests/plugins/transport_ws/auth/jwt_test.cpp - tokens that are good, and every way to be none.
#include "auth/jwt.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tokens.hpp"

namespace transport_ws::auth {
namespace {

constexpr Time now(std::chrono::seconds(1'000'000));
const std::string claims = R"({"sub":"me","exp":1000100})";
const Grants usual{{"in"}, {"out"}, {}};

JwtSettings with_secret() {
  JwtSettings settings;
  settings.secret = jwt_secret;
  return settings;
}

std::string refusal(const std::string& token, const JwtSettings& settings = with_secret()) {
  const auto read = read_jwt(token, settings, usual, now);
  return read ? "(accepted)" : read.error().message();
}

TEST(Jwt, IsReadWithHs256) {
  const auto read =
      read_jwt(hs256(R"({"sub":"me","exp":1000100.5,"nbf":999999,"publish":["a","b*"],"call":[]})"),
               with_secret(), usual, now);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->name, "me");
  EXPECT_EQ(read->grants.publish, (std::vector<std::string>{"a", "b*"}));
  EXPECT_EQ(read->grants.subscribe, std::vector<std::string>{"out"});
  EXPECT_EQ(read->expires, Time(std::chrono::milliseconds(1'000'100'500)));
}

TEST(Jwt, IsReadWithEdDsa) {
  const SigningKey key;
  JwtSettings settings;
  settings.public_key = key.get();
  EXPECT_TRUE(read_jwt(key.token(claims), settings, usual, now));
  EXPECT_NE(refusal(SigningKey().token(claims), settings).find("not signed"), std::string::npos);
}

TEST(Jwt, HasTheAlgorithmOfTheKeyAndNoOther) {
  const SigningKey key;
  JwtSettings settings;
  settings.public_key = key.get();
  // The classic: the public key's text taken for a shared secret.
  EXPECT_NE(refusal(hs256(claims, key.public_pem()), settings).find("not signed"),
            std::string::npos);
  EXPECT_NE(refusal(key.token(claims, R"({"alg":"HS256"})"), settings).find("not signed"),
            std::string::npos);
  EXPECT_NE(refusal(key.token(claims)).find("not signed"), std::string::npos);
  for (const std::string header :
       {R"({"alg":"none"})", R"({"alg":"None"})", R"({"alg":""})", R"({})", R"({"alg":["HS256"]})",
        R"({"alg":"hs256"})", R"({"alg":"HS512"})"}) {
    EXPECT_NE(refusal(hs256(claims, jwt_secret, header)).find("not signed"), std::string::npos)
        << header;
  }
  EXPECT_NE(
      refusal(base64url(R"({"alg":"none"})") + "." + base64url(claims) + ".").find("not signed"),
      std::string::npos);
}

TEST(Jwt, MustBeWhole) {
  const std::string good = hs256(claims);
  std::string changed = good;
  changed[good.find('.') + 3] ^= 1;
  EXPECT_NE(refusal(changed), "(accepted)");
  EXPECT_NE(refusal(hs256(claims, std::string(32, 't'))).find("not signed"), std::string::npos);
  for (const std::string& wrong :
       {std::string(), std::string("a.b"), std::string("..."), good + ".x", good + "=",
        good.substr(0, good.size() - 4), std::string(token_bytes_max + 1, 'a')}) {
    EXPECT_NE(refusal(wrong), "(accepted)") << wrong;
  }
  EXPECT_NE(refusal(hs256("no JSON")).find("without claims"), std::string::npos);
  EXPECT_NE(refusal(hs256(R"({"sub":"a","sub":"b","exp":1000100})")).find("without claims"),
            std::string::npos);
  EXPECT_NE(
      refusal(hs256(claims, jwt_secret, R"({"alg":"HS256","crit":["x"]})")).find("extensions"),
      std::string::npos);
}

TEST(Jwt, HasItsTime) {
  EXPECT_NE(refusal(hs256(R"({"sub":"me"})")).find("'exp'"), std::string::npos);
  EXPECT_NE(refusal(hs256(R"({"sub":"me","exp":"later"})")).find("'exp'"), std::string::npos);
  EXPECT_NE(refusal(hs256(R"({"sub":"me","exp":1e300})")).find("'exp'"), std::string::npos);
  EXPECT_NE(refusal(hs256(R"({"sub":"me","exp":1000000})")).find("expired"), std::string::npos);
  EXPECT_NE(refusal(hs256(R"({"sub":"me","exp":1000100,"nbf":1000001})")).find("'nbf'"),
            std::string::npos);
  EXPECT_NE(refusal(hs256(R"({"sub":"me","exp":1000100,"iat":1000001})")).find("'iat'"),
            std::string::npos);
  EXPECT_NE(refusal(hs256(R"({"sub":"me","exp":1000100,"nbf":"x"})")).find("'nbf'"),
            std::string::npos);
  JwtSettings lenient = with_secret();
  lenient.leeway = std::chrono::seconds(10);
  const auto late =
      read_jwt(hs256(R"({"sub":"me","exp":999995,"nbf":1000005})"), lenient, usual, now);
  ASSERT_TRUE(late);
  EXPECT_EQ(late->expires, Time(std::chrono::seconds(1'000'005)));
}

TEST(Jwt, IsForUsAndFromWhomWeTrust) {
  JwtSettings settings = with_secret();
  settings.issuer = "https://id.example.org";
  settings.audience = "backplane";
  const auto with = [](const std::string& more) {
    return hs256(R"({"sub":"me","exp":1000100,)" + more + "}");
  };
  const std::string issuer = R"("iss":"https://id.example.org")";
  EXPECT_EQ(refusal(with(issuer + R"(,"aud":"backplane")"), settings), "(accepted)");
  EXPECT_EQ(refusal(with(issuer + R"(,"aud":["x","backplane"])"), settings), "(accepted)");
  EXPECT_NE(refusal(with(issuer + R"(,"aud":["x"])"), settings).find("audience"),
            std::string::npos);
  EXPECT_NE(refusal(with(issuer), settings).find("audience"), std::string::npos);
  EXPECT_NE(refusal(with(R"("iss":"https://evil","aud":"backplane")"), settings).find("issuer"),
            std::string::npos);
}

TEST(Jwt, NamesSomebodyAndHasListsOfTexts) {
  EXPECT_NE(refusal(hs256(R"({"exp":1000100})")).find("'sub'"), std::string::npos);
  EXPECT_NE(refusal(hs256(R"({"exp":1000100,"sub":5})")).find("'sub'"), std::string::npos);
  EXPECT_NE(
      refusal(hs256(R"({"exp":1000100,"sub":")" + std::string(256, 'x') + R"("})")).find("'sub'"),
      std::string::npos);
  for (const std::string list : {R"("a")", "[1]", R"([""])", "{}", "null"}) {
    EXPECT_NE(
        refusal(hs256(R"({"sub":"me","exp":1000100,"publish":)" + list + "}")).find("'publish'"),
        std::string::npos)
        << list;
  }
}

}  // namespace
}  // namespace transport_ws::auth
