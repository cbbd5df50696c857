// tests/host/manifest/config_defaults_test.cpp - defaults filled in, sensitive values hidden.
#include <gtest/gtest.h>

#include "host/manifest/config_schema.hpp"

namespace {

using namespace host::manifest;

std::string defaults(std::string_view schema, std::string_view config) {
  const auto result = with_defaults(schema, config);
  return result ? *result : result.error().text();
}

TEST(ConfigDefaults, FillTopLevelAndNestedOnes) {
  constexpr std::string_view schema = R"({"type":"object","properties":{
      "port":{"type":"integer","default":9400},
      "limits":{"type":"object","properties":{"bytes":{"default":1024},"name":{"type":"string"}}},
      "routes":{"type":"array","items":{"type":"object","properties":{"gzip":{"default":false}}}},
      "tls":{"type":"object","required":["cert"],"properties":{"cert":{},"v":{"default":3}}}}})";
  EXPECT_EQ(defaults(schema, "{}"), R"({"port":9400,"limits":{"bytes":1024}})");
  EXPECT_EQ(defaults(schema, R"({"tls":{"cert":"c"},"routes":[{},{"gzip":true}],"port":1})"),
            R"({"tls":{"cert":"c","v":3},"routes":[{"gzip":false},{"gzip":true}],)"
            R"("port":1,"limits":{"bytes":1024}})");
}

TEST(ConfigDefaults, FollowReferencesAllOfAndMaps) {
  EXPECT_EQ(defaults(R"({"allOf":[{"properties":{"a":{"$ref":"#/definitions/a"}}}],
                         "additionalProperties":{"properties":{"x":{"default":1}}},
                         "definitions":{"a":{"default":[1]}}})",
                     R"({"m":{}})"),
            R"({"m":{"x":1},"a":[1]})");
}

TEST(ConfigDefaults, EndInASchemaThatContainsItself) {
  EXPECT_EQ(defaults(R"({"type":"object","properties":{"n":{"default":1},"child":{"$ref":"#"}}})",
                     R"({"child":{}})"),
            R"({"child":{"n":1,"child":{"n":1}},"n":1})");
}

TEST(ConfigDefaults, KeepWhatIsWritten) {
  EXPECT_EQ(defaults(R"({"properties":{"a":{"default":1}}})", R"({"a":null})"), R"({"a":null})");
}

TEST(ConfigDefaults, TellBadInput) {
  EXPECT_FALSE(with_defaults("{", "{}"));
  EXPECT_EQ(with_defaults("{}", "{").error().code(), BP_E_CONFIG);
}

constexpr std::string_view secret_schema = R"({"properties":{
    "key":{"type":"string","sensitive":true},
    "list":{"items":{"properties":{"pin":{"sensitive":true}}}},
    "ref":{"$ref":"#/definitions/secret"},
    "either":{"anyOf":[{"type":"number"},{"type":"string","sensitive":true}]},
    "open":{"type":"string"}},
    "patternProperties":{"^x-":{"sensitive":true}},
    "definitions":{"secret":{"sensitive":true}}})";

TEST(RedactedConfig, HidesWhatTheSchemaMarks) {
  const Node config = json_literal(R"({"key":"k","list":[{"pin":{"deep":1},"n":1}],"ref":"r",)"
                                   R"("either":"e","x-1":"p","open":"o"})");
  EXPECT_EQ(compact(redacted_config(secret_schema, config)),
            R"({"key":"***","list":[{"pin":"***","n":1}],"ref":"***",)"
            R"("either":"***","x-1":"***","open":"o"})");
}

TEST(RedactedConfig, KeepsReferencesToSecrets) {
  const Node config = json_literal(R"({"key":{"$secret":"name"}})");
  EXPECT_EQ(compact(redacted_config(secret_schema, config)), R"({"key":{"$secret":"name"}})");
}

TEST(RedactedConfig, HidesEverythingWhenTheSchemaIsUnusable) {
  EXPECT_EQ(compact(redacted_config("{", json_literal(R"({"a":[1,"b"],"c":{}})"))),
            R"({"a":["***","***"],"c":{}})");
}

}  // namespace
