// tests/host/manifest/config_schema_test.cpp - findings in our words, all of them, without values.
#include "host/manifest/config_schema.hpp"

#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace {

using namespace host::manifest;

std::string check(std::string_view schema, std::string_view config) {
  const auto findings = validate_config(schema, config);
  if (!findings) {
    return "error: " + findings.error().text();
  }
  std::string lines;
  for (const ConfigFinding& finding : *findings) {
    lines += finding.pointer + ": " + finding.message + '\n';
  }
  return lines;
}

constexpr std::string_view server = R"({"type":"object","additionalProperties":false,
    "required":["listen"],"properties":{
      "listen":{"type":"string","pattern":"^[0-9.]+:[0-9]+$"},
      "port":{"type":"integer","minimum":1,"maximum":65535},
      "mode":{"enum":["fast","safe"]},
      "ratio":{"type":"number","exclusiveMinimum":0,"exclusiveMaximum":1},
      "tls":{"type":"object","additionalProperties":false,"required":["cert"],
             "properties":{"cert":{"type":["string","null"]},"versions":{"type":"array",)"
                                    R"("items":{"type":"integer"}}}}}})";

TEST(ConfigSchema, AcceptsAGoodConfiguration) {
  EXPECT_EQ(check(server, R"({"listen":"127.0.0.1:9400","port":1,"mode":"safe","ratio":0.5,
                              "tls":{"cert":null,"versions":[1,2]}})"),
            "");
}

TEST(ConfigSchema, TellsEveryFindingWithItsPlace) {
  const std::string found =
      check(server, R"({"listen":"here","port":70000,"mode":"saef","ratio":1,"prot":1,"extra":2,
                        "tls":{"versions":[1,"x"],"certt":"c"}})");
  const auto has = [&](std::string_view line) { return found.find(line) != std::string::npos; };
  EXPECT_TRUE(has("/listen: does not match the pattern \"^[0-9.]+:[0-9]+$\"\n")) << found;
  EXPECT_TRUE(has("/port: must be at most 65535\n"));
  EXPECT_TRUE(has("/mode: must be one of \"fast\", \"safe\"; did you mean \"safe\"?\n"));
  EXPECT_TRUE(has("/ratio: must be less than 1\n"));
  EXPECT_TRUE(has("/prot: unknown key \"prot\"; did you mean \"port\"?\n"));
  EXPECT_TRUE(has("/extra: unknown key \"extra\"; known: "));
  EXPECT_TRUE(has("/tls: the key \"cert\" is missing\n"));
  EXPECT_TRUE(has("/tls/versions/1: \"integer\" is expected here, not a string\n"));
  EXPECT_TRUE(has("/tls/certt: unknown key \"certt\"; did you mean \"cert\"?\n"));
  EXPECT_EQ(std::ranges::count(found, '\n'), 9) << found;
}

TEST(ConfigSchema, SaysWhatAPatternMeans) {
  const auto told = [](const std::string& more) {
    return check(R"({"properties":{"a":{"pattern":"^x$")" + more + "}}}", R"({"a":"soon"})");
  };
  const std::string bare = R"(/a: does not match the pattern "^x$")";
  EXPECT_EQ(told(""), bare + "\n");
  EXPECT_EQ(told(R"(,"examples":["x","y"])"), bare + "; for example \"x\"\n");
  EXPECT_EQ(told(R"(,"description":"Time between pings, 1.5s say. At most 1h.","examples":["x"])"),
            bare + "; it is: Time between pings, 1.5s say\n");
  EXPECT_EQ(told(R"(,"description":"A time.")"), bare + "; it is: A time\n");
  const std::string umlauts = told(",\"description\":\"x" + [] {
    std::string text;
    for (int i = 0; i < 200; ++i) {
      text += "\xC3\xA4";
    }
    return text;
  }() + '"');
  EXPECT_TRUE(umlauts.ends_with("\xC3\xA4...\n")) << umlauts;
  EXPECT_LT(umlauts.size(), 300U);
}

TEST(ConfigSchema, NeverRepeatsAValue) {
  const std::string found =
      check(R"({"properties":{"a":{"type":"integer"},"b":{"enum":["x"]},"c":{"const":1},"d":)"
            R"({"maxLength":2},
          "e":{"pattern":"^x$"},"f":{"not":{}},"g":{"anyOf":[{"type":"null"}]},"h":false,"i":)"
            R"({"format":"date"}}})",
            R"({"a":"hunter2","b":"hunter2","c":"hunter2","d":"hunter2","e":"hunter2","f":"hunter2",
          "g":"hunter2","h":"hunter2","i":"hunter2"})");
  EXPECT_EQ(found.find("hunter2"), std::string::npos) << found;
  EXPECT_EQ(std::ranges::count(found, '\n'), 9) << found;
  EXPECT_NE(found.find("/h: is not allowed here"), std::string::npos) << found;
}

TEST(ConfigSchema, BlamesTheItemThatMayNotBeThere) {
  EXPECT_EQ(check(R"({"properties":{"a":{"items":false}}})", R"({"a":[1,2]})"),
            "/a/0: is not allowed here\n/a/1: is not allowed here\n");
}

TEST(ConfigSchema, BlamesEachNameThatMayNotBeThere) {
  constexpr std::string_view names =
      R"({"properties":{"a":{"propertyNames":{"pattern":"^[a-z]$","description":"A letter."},
          "additionalProperties":{"type":"integer"}}}})";
  EXPECT_EQ(check(names, R"({"a":{"x":1,"y":2}})"), "");
  EXPECT_EQ(check(names, R"({"a":{"x y":1,"y":"no","Z/":3}})"),
            R"(/a/y: "integer" is expected here, not a string)"
            "\n"
            R"(/a/x y: the name does not match the pattern "^[a-z]$"; it is: A letter)"
            "\n"
            R"(/a/Z~1: the name does not match the pattern "^[a-z]$"; it is: A letter)"
            "\n");
  EXPECT_EQ(check(R"({"propertyNames":{"maxLength":1}})", R"({"ab":1})"),
            "/ab: the name must have at most 1 characters\n");
}

TEST(ConfigSchema, SaysWhyACombinationIsNotAllowed) {
  constexpr std::string_view pair =
      R"({"properties":{"a":{"not":{"description":"'x' and 'y' exclude each other",
          "required":["x","y"]}}}})";
  EXPECT_EQ(check(pair, R"({"a":{"x":1}})"), "");
  EXPECT_EQ(check(pair, R"({"a":{"x":1,"y":2}})"),
            "/a: is not allowed here: 'x' and 'y' exclude each other\n");
}

TEST(ConfigSchema, HandlesKeysThatNeedEscapes) {
  EXPECT_EQ(check(R"({"additionalProperties":{"type":"integer"}})", R"({"a/b~[c]":"x"})"),
            "/a~1b~0[c]: \"integer\" is expected here, not a string\n");
}

TEST(ConfigSchema, TellsAnUnusableSchema) {
  EXPECT_TRUE(check(R"({"$ref":"http://example.org/x"})", "{}").starts_with("error: "));
  EXPECT_TRUE(check(R"({"type":"nonsense"})", "{}").starts_with("error: "));
  EXPECT_TRUE(
      check(R"({"properties":{"a":{"pattern":"("}}})", R"({"a":"x"})").starts_with("error: "));
  EXPECT_TRUE(check("{", "{}").starts_with("error: "));
}

TEST(ConfigSchema, TellsAnUnreadableConfiguration) {
  EXPECT_NE(check("{}", "{\"a\":"), "");
  EXPECT_EQ(check("{}", R"({"a":1,"a":2})").substr(0, 4), "/a: ");
}

TEST(ConfigSchema, KeepsLongTextsAwayFromPatterns) {
  const std::string config = "{\"a\":\"" + std::string(1'000'000, 'a') + "\"}";
  EXPECT_EQ(check(R"({"properties":{"a":{"pattern":"^(a|b)*$"}}})", config),
            "/a: longer than 1024 bytes, too long to be compared with a pattern\n");
  EXPECT_EQ(check(R"({"properties":{"a":{"type":"string"}}})", config), "");
  const std::string longest = "{\"a\":\"" + std::string(pattern_input_bytes_max, 'a') + "\"}";
  EXPECT_EQ(check(R"({"properties":{"a":{"pattern":"^(a|b)*$"}}})", longest), "");
}

TEST(ConfigSchema, FollowsASchemaThatContainsItself) {
  constexpr std::string_view tree =
      R"({"type":"object","properties":{"child":{"$ref":"#"},"n":{"type":"integer"}}})";
  EXPECT_EQ(check(tree, R"({"child":{"child":{"n":"x"}}})"),
            "/child/child/n: \"integer\" is expected here, not a string\n");
}

TEST(ConfigSchema, TakesLargeNumbers) {
  EXPECT_EQ(check(R"({"properties":{"a":{"type":"integer","minimum":0}}})",
                  R"({"a":9223372036854775807})"),
            "");
}

RC_GTEST_PROP(ConfigSchema, AgreesWithASimpleRange, (std::int32_t value)) {
  const bool fits = value >= 10 && value <= 1'000;
  const std::string found = check(R"({"properties":{"a":{"minimum":10,"maximum":1000}}})",
                                  "{\"a\":" + std::to_string(value) + "}");
  RC_ASSERT(found.empty() == fits);
}

}  // namespace
