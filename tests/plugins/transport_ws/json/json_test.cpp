// tests/plugins/transport_ws/json/json_test.cpp - slices of JSON: exact, checked, bounded.
#include "json/json.hpp"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace transport_ws::json {
namespace {

TEST(Read, GivesMembersAsTheyWereWritten) {
  const auto value = read(
      R"( { "a" : 1.0e300 , "b":[1, 2] ,"c":{"d":"}"},"e\u0041":"x\"y" , "f":null,"g":true} )");
  ASSERT_TRUE(value) << value.error().message();
  EXPECT_EQ(value->kind, Kind::Object);
  EXPECT_EQ(value->find("a")->text, "1.0e300");
  EXPECT_EQ(value->find("a")->kind, Kind::Number);
  EXPECT_EQ(value->find("b")->text, "[1, 2]");
  EXPECT_EQ(value->find("b")->kind, Kind::Array);
  EXPECT_EQ(value->find("c")->text, R"({"d":"}"})");
  EXPECT_EQ(value->find("eA")->text, R"("x\"y")");
  EXPECT_EQ(value->find("f")->kind, Kind::Null);
  EXPECT_EQ(value->find("g")->text, "true");
  EXPECT_EQ(value->find("h"), nullptr);
}

TEST(Read, GivesElements) {
  const auto value = read(R"([1 , "a", {} ,[] , [[2]] ])");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->kind, Kind::Array);
  ASSERT_EQ(value->children.size(), 5U);
  EXPECT_EQ(value->children[1].text, R"("a")");
  EXPECT_EQ(value->children[2].text, "{}");
  EXPECT_EQ(value->children[4].text, "[[2]]");
  EXPECT_TRUE(read("[]")->children.empty());
  EXPECT_EQ(read("17")->kind, Kind::Number);
}

TEST(Read, RefusesWhatIsNotJson) {
  for (const std::string text :
       {"", " ", "{", "}", "{\"a\":}", "{\"a\":1,}", "[1,]", "nul", "1 2", "{} {}", "'a'",
        "\"\xFF\"", "[\"\\ud800\"]", "// c\n1", "NaN", "1e400"}) {
    EXPECT_FALSE(read(text)) << text;
    EXPECT_FALSE(is_valid(text)) << text;
  }
  EXPECT_FALSE(read(std::string("1\0", 2)));
  EXPECT_FALSE(is_valid(std::string("{}\0{}", 5)));
}

TEST(Read, RefusesTwins) {
  EXPECT_FALSE(read(R"({"a":1,"\u0061":2})"));
}

TEST(Read, BoundsTheDepth) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(read(nested(64)));
  const auto deep = read(nested(65));
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().code(), BP_E_TOO_LARGE);
  EXPECT_TRUE(is_valid(nested(64)));
  EXPECT_FALSE(is_valid(nested(65)));
  EXPECT_FALSE(read(std::string(10'000'000, '[')));  // and needs no stack for it
}

TEST(Scalars, AreConverted) {
  EXPECT_EQ(unquoted(R"("a\u00e9\n")"), "a\xC3\xA9\n");
  EXPECT_EQ(to_uint("17"), 17U);
  EXPECT_EQ(to_uint("-1"), std::nullopt);
  EXPECT_EQ(to_uint("1.5"), std::nullopt);
  EXPECT_EQ(to_uint("99999999999999999999"), std::nullopt);
  EXPECT_EQ(quoted("a\"\n\xC3\xA9"), "\"a\\\"\\n\xC3\xA9\"");
  EXPECT_EQ(quoted("\xFF"), R"j("(not UTF-8)")j");
}

RC_GTEST_PROP(Quoted, IsUndoneByUnquoted, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127));
  RC_ASSERT(unquoted(json::quoted(text)) == text);
  RC_ASSERT(is_valid(json::quoted(text)));
}

RC_GTEST_PROP(Read, SurvivesAnyBytes, (const std::vector<unsigned char>& noise)) {
  const std::string text(noise.begin(), noise.end());
  RC_ASSERT(read(text).has_value() == is_valid(text) ||
            is_valid(text));  // twins are valid but refused
}

}  // namespace
}  // namespace transport_ws::json
