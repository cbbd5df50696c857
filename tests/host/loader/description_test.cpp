// tests/host/loader/description_test.cpp - a whole plugin.json becomes values; every mistake is
// told.
#include "host/loader/description.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace host::loader {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view whole = R"({
  "id":"org.backplane.storage_sqlite","version":"0.1.0-rc1","abi":"1.2",
  "summary":"Keeps events.","status":"beta",
  "security_posture":"robust_to_untrusted_peer",
  "config":{"type":"object","additionalProperties":false},
  "channels":[{"name":"storage.*","direction":"receive","kind":"queue","type":"json"},
              {"name":"changes","direction":"send","kind":"broadcast","type":"bp.storage.Change",
               "contract":"records"}],
  "services":{"provides":[{"name":"bp.storage.records","version":"1.0","contract":"records"}],
              "requires":[{"name":"bp.crypto.aead","version":"1.3","optional":true}]},
  "capabilities":["channel.subscribe:*","service.use:bp.*"],"state_version":4,
  "schemas":{"records":"00fFa1"}})";

std::string problems_of(std::string_view json) {
  const auto description = parse_description(json);
  if (description) {
    return "";
  }
  EXPECT_EQ(description.error().code(), BP_E_SCHEMA);
  return description.error().message();
}

TEST(Description, BindsEveryField) {
  const auto result = parse_description(whole);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->id, "org.backplane.storage_sqlite");
  EXPECT_EQ(result->version, "0.1.0-rc1");
  EXPECT_EQ(result->abi, (MajorMinor{1, 2}));
  EXPECT_EQ(result->summary, "Keeps events.");
  EXPECT_EQ(maturity_name(result->status), "beta");
  EXPECT_EQ(result->security_posture, "robust_to_untrusted_peer");
  EXPECT_EQ(result->config_schema, R"({"type":"object","additionalProperties":false})");
  ASSERT_EQ(result->channels.size(), 2U);
  EXPECT_EQ(result->channels[0].name, "storage.*");
  EXPECT_EQ(direction_name(result->channels[0].direction), "receive");
  EXPECT_EQ(channel_kind_name(result->channels[0].kind), "queue");
  EXPECT_EQ(result->channels[1].type, "bp.storage.Change");
  EXPECT_EQ(result->channels[1].contract, "records");
  ASSERT_EQ(result->provided.size(), 1U);
  EXPECT_EQ(result->provided[0].name, "bp.storage.records");
  EXPECT_EQ(result->provided[0].contract, "records");
  ASSERT_EQ(result->required.size(), 1U);
  EXPECT_EQ(result->required[0].version, (MajorMinor{1, 3}));
  EXPECT_TRUE(result->required[0].optional);
  EXPECT_THAT(result->capabilities, ElementsAre("channel.subscribe:*", "service.use:bp.*"));
  EXPECT_EQ(result->state_version, 4U);
  EXPECT_THAT(result->schemas.at("records"),
              ElementsAre(std::byte{0}, std::byte{0xFF}, std::byte{0xA1}));
}

TEST(Description, NeedsOnlyIdVersionAndAbi) {
  const auto result = parse_description(R"({"id":"a","version":"1.0.0","abi":"1.0"})");
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->status, Maturity::Experimental);
  EXPECT_EQ(result->config_schema, no_config_schema);
  EXPECT_THAT(problems_of("{}"),
              AllOf(HasSubstr("3 errors"), HasSubstr("/id: is missing"),
                    HasSubstr("/version: is missing"), HasSubstr("/abi: is missing")));
}

TEST(Description, TellsAllMistakesAtOnce) {
  const std::string text = problems_of(R"({
    "id":"no spaces","version":"1.0","abi":"one","sumary":"","status":"alpha","config":[],
    "channels":[{"name":"a b","direction":"in","kind":"topic","type":"bp.X"},
                {"name":"a","direction":"send","kind":"queue","type":"json","contract":"c"}],
    "services":{"provides":[{"name":"s","version":"1.0","contract":"absent"}],
                "requires":[7],"needs":[]},
    "capabilities":["everything",1],"schemas":{"c":"0g"}})");
  for (const std::string_view part :
       {"/id: 'no spaces' has characters", "/version: '1.0' is not a version",
        "/abi: 'one' is not a version", "/sumary: is not a known key",
        "/status: must be one of stable, beta, experimental", "/config: must be an object",
        "/channels/0/name: 'a b' has characters",
        "/channels/0/direction: must be one of send, receive",
        "/channels/0/kind: must be one of queue, broadcast", "/channels/0/contract: is missing",
        "/channels/1/contract: belongs to types that are tables",
        "/services/provides/0/contract: no schema 'absent' is embedded",
        "/services/requires/0: must be an object", "/services/needs: is not a known key",
        "/capabilities/0: must be a text like", "/capabilities/1: must be a text like",
        "/schemas/c: must be a binary schema"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_THAT(text, HasSubstr("17 errors"));
}

TEST(Description, NamesTheSchemasThatAreEmbedded) {
  const auto told = [](std::string_view contract, std::string_view schemas) {
    return problems_of(R"({"id":"a","version":"1.0.0","abi":"1.0","services":{"provides":[
        {"name":"s","version":"1.0","contract":")" +
                       std::string(contract) + R"("}]},"schemas":{)" + std::string(schemas) + "}}");
  };
  constexpr std::string_view both = R"("transport_auth":"00","records":"00")";
  const std::string list = "embedded: records, transport_auth";
  EXPECT_THAT(told("transport_auth.fbs", both),
              HasSubstr("did you mean 'transport_auth'?; " + list));
  EXPECT_THAT(told("transport_aut", both), HasSubstr("did you mean 'transport_auth'?; " + list));
  EXPECT_THAT(told("x", both), HasSubstr("no schema 'x' is embedded; " + list));
  EXPECT_THAT(told("transport_auth", ""), HasSubstr("there is none in this file"));
}

TEST(Description, ChecksVersions) {
  for (const std::string_view version :
       {"1", "1.2", "1.2.", ".1.2", "1.2.x", "1.2.3.4", "v1.2.3", "1.2.99999"}) {
    const std::string json =
        R"({"id":"a","abi":"1.0","version":")" + std::string(version) + R"("})";
    EXPECT_THAT(problems_of(json), HasSubstr("/version")) << version;
  }
  for (const std::string_view abi : {"1", "1.", ".1", "1.0.0", "-1.0", "1.70000"}) {
    const std::string json = R"({"id":"a","version":"1.0.0","abi":")" + std::string(abi) + R"("})";
    EXPECT_THAT(problems_of(json), HasSubstr("/abi")) << abi;
  }
}

TEST(Description, RefusesTextThatIsNoJson) {
  EXPECT_THAT(problems_of("{\"id\":"), HasSubstr("not valid JSON at byte 6"));
  EXPECT_THAT(problems_of(R"({"id":"a","id":"b"})"), HasSubstr("appears twice"));
}

RC_GTEST_PROP(Description, SurvivesDamage, ()) {
  std::string text(whole);
  const auto edits = *rc::gen::inRange<std::size_t>(1, 6);
  for (std::size_t i = 0; i < edits; ++i) {
    text.at(*rc::gen::inRange<std::size_t>(0, text.size())) =
        *rc::gen::element('"', '{', ']', ',', '0', '\\', '\xff');
  }
  const auto result = parse_description(text);
  RC_ASSERT((result || !result.error().message().empty()));
}

}  // namespace
}  // namespace host::loader
