// tests/host/loader/json_fields_test.cpp - hostile JSON is refused, mistakes are collected.
#include "host/loader/json_fields.hpp"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace host::loader {
namespace {

using testing::HasSubstr;
using Need = Fields::Need;

std::string parse_error(std::string_view text) {
  const auto document = parse_json(text, 64);
  return document ? "" : document.error().message();
}

TEST(ParseJson, RefusesWhatRapidJsonWouldTake) {
  EXPECT_EQ(parse_error(R"({"a":[1,{"b":2}],"c":3})"), "");
  EXPECT_THAT(parse_error(R"({"a":1,"b":{"a":2},"a":3})"), HasSubstr("the key 'a' appears twice"));
  EXPECT_THAT(parse_error(std::string(2'000'000, '[')), HasSubstr("nested more than 64 deep"));
  EXPECT_THAT(parse_error("{\"a\":\"\xff\"}"), HasSubstr("byte"));
  EXPECT_THAT(parse_error(R"({"a":1} x)"), HasSubstr("not valid JSON at byte 8"));
  EXPECT_THAT(parse_error(""), HasSubstr("not valid JSON"));
}

TEST(ParseJson, WritesBackCompactText) {
  const auto document = parse_json(R"( { "a" : [ 1 , "x" ] } )", 64);
  ASSERT_TRUE(document);
  EXPECT_EQ(json_text(*document), R"({"a":[1,"x"]})");
}

TEST(Fields, CollectsEveryMistakeWithItsPointer) {
  const auto document =
      parse_json(R"({"text":1,"flag":"yes","number":-1,"list":{},"object":[],"choice":"c",
                                      "long":"12345","empty":"","other":0})",
                 64);
  ASSERT_TRUE(document);
  Problems problems(20);
  Fields fields(*document, "/top", problems);
  constexpr std::array<std::string_view, 2> choices{"a", "b"};
  EXPECT_EQ(fields.text("text", Need::Optional, 10), "");
  EXPECT_FALSE(fields.flag("flag"));
  EXPECT_EQ(fields.number("number"), 0U);
  EXPECT_EQ(fields.array("list", 10), nullptr);
  EXPECT_EQ(fields.object("object"), nullptr);
  EXPECT_EQ(fields.choice("choice", Need::Required, choices), 0U);
  EXPECT_EQ(fields.text("long", Need::Optional, 4), "");
  EXPECT_EQ(fields.text("empty", Need::Required, 4), "");
  EXPECT_EQ(fields.text("absent", Need::Required, 4), "");
  fields.close();
  const std::string text = problems.text();
  EXPECT_THAT(text, HasSubstr("10 errors: "));
  for (const std::string_view part :
       {"/top/text: must be a string", "/top/flag: must be true or false",
        "/top/number: must be a whole number", "/top/list: must be an array",
        "/top/object: must be an object", "/top/choice: must be one of a, b",
        "/top/long: is longer than 4 bytes", "/top/empty: must not be empty",
        "/top/absent: is missing", "/top/other: is not a known key (known: text, "}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(Fields, ReadsWhatIsThere) {
  const auto document =
      parse_json(R"({"text":"t","flag":true,"number":7,"list":[1],"object":{},"choice":"b"})", 64);
  ASSERT_TRUE(document);
  Problems problems(20);
  Fields fields(*document, "", problems);
  constexpr std::array<std::string_view, 2> choices{"a", "b"};
  EXPECT_EQ(fields.text("text", Need::Required, 1), "t");
  EXPECT_TRUE(fields.flag("flag"));
  EXPECT_EQ(fields.number("number"), 7U);
  EXPECT_NE(fields.array("list", 1), nullptr);
  EXPECT_NE(fields.object("object"), nullptr);
  EXPECT_EQ(fields.choice("choice", Need::Required, choices), 1U);
  EXPECT_FALSE(fields.flag("absent"));
  fields.close();
  EXPECT_TRUE(problems.none()) << problems.text();
}

TEST(Fields, ReportsAValueThatIsNoObject) {
  const auto document = parse_json("[]", 64);
  ASSERT_TRUE(document);
  Problems problems(20);
  Fields fields(*document, "", problems);
  EXPECT_EQ(fields.text("text", Need::Required, 1), "");
  fields.close();
  EXPECT_EQ(problems.text(), "1 error: (top): must be an object");
}

TEST(Problems, CountsWhatItDoesNotKeep) {
  Problems problems(2);
  EXPECT_TRUE(problems.none());
  for (int i = 0; i < 5; ++i) {
    problems.add("/x", "is wrong");
  }
  EXPECT_EQ(problems.text(), "5 errors: /x: is wrong; /x: is wrong; and 3 more");
}

}  // namespace
}  // namespace host::loader
