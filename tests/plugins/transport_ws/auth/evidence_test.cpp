// tests/plugins/transport_ws/auth/evidence_test.cpp - a request taken apart, and as the contract
// has it.
#include "auth/evidence.hpp"

#include <gtest/gtest.h>

#include "json/json.hpp"

namespace transport_ws::auth {
namespace {

http::Request request() {
  http::Request made;
  made.target = "/rpc?token=a%2Bb+c&empty=&flag&x=%zz";
  made.fields = {{"Host", "h"},
                 {"authorization", "bearer  abc.def "},
                 {"Cookie", "session=s1; theme = dark ;bad"},
                 {"X-Odd", "\xff"}};
  return made;
}

TEST(Evidence, IsTakenFromARequest) {
  const Evidence evidence = evidence_of(request(), "127.0.0.1:1", {});
  EXPECT_EQ(evidence.path, "/rpc");
  EXPECT_EQ(evidence.parameter("token"), "a+b c");
  EXPECT_EQ(evidence.parameter("empty"), "");
  EXPECT_EQ(evidence.parameter("x"), "%zz");
  EXPECT_EQ(evidence.parameter("none"), "");
  EXPECT_EQ(evidence.cookie("session"), "s1");
  EXPECT_EQ(evidence.cookie("theme"), "dark");
  EXPECT_EQ(evidence.field("HOST"), "h");
  EXPECT_EQ(evidence.field("Cookie"), "");
  EXPECT_EQ(evidence.bearer(), "abc.def");
}

TEST(Evidence, KnowsNoBearerOfAnotherKind) {
  http::Request basic;
  basic.target = "/";
  basic.fields = {{"Authorization", "Basic abc"}};
  EXPECT_EQ(evidence_of(basic, "a", {}).bearer(), "");
  basic.fields = {{"Authorization", "Bearer"}};
  EXPECT_EQ(evidence_of(basic, "a", {}).bearer(), "");
}

TEST(Evidence, CountsForNoneWhenItIsThereTwice) {
  http::Request twice;
  twice.target = "/?token=a&token=b&other=c";
  twice.fields = {{"Authorization", "Bearer a"}, {"authorization", "Bearer a"}};
  EXPECT_EQ(evidence_of(twice, "a", {}).parameter("token"), "");
  EXPECT_EQ(evidence_of(twice, "a", {}).parameter("other"), "c");
  EXPECT_EQ(evidence_of(twice, "a", {}).bearer(), "");
}

TEST(Evidence, IsValidJsonWhateverTheClientSent) {
  Evidence evidence = evidence_of(request(), "127.0.0.1:1", {"CN=a", {"DNS:b"}, "ff"});
  evidence.first_message = R"({"id":1})";
  const std::string text = to_json(evidence);
  const auto read = json::read(text);
  ASSERT_TRUE(read) << text;
  EXPECT_EQ(
      read->find("cookies")->text,
      R"([{"name":"session","value":"s1"},{"name":"theme","value":"dark"},{"name":"bad","value":""}])");
  EXPECT_EQ(read->find("headers")->text.find("X-Odd"), std::string_view::npos);
  EXPECT_EQ(read->find("certificate")->text,
            R"({"subject":"CN=a","names":["DNS:b"],"fingerprint":"ff"})");
  EXPECT_EQ(read->find("first_message")->text, R"("{\"id\":1}")");
  evidence.certificate = {};
  EXPECT_EQ(to_json(evidence).find("certificate"), std::string::npos);
}

}  // namespace
}  // namespace transport_ws::auth
