// tests/host/manifest/json_reader_test.cpp - places, duplicates, syntax errors and hostile text.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "host/manifest/json_tree.hpp"

namespace {

using namespace host::manifest;

std::string first_problem(std::string_view text) {
  const JsonReading reading = read_json(text, "f");
  return reading.problems.empty() ? "none" : reading.problems.front().text();
}

TEST(JsonReader, KnowsWhereEveryValueStands) {
  const JsonReading reading =
      read_json("{ // one\n  \"a\" : 1,\n\t/* x\n */ \"b\": [true, \"s\",\n {}],}", "f");
  ASSERT_TRUE(reading.root);
  const auto place = [&](std::string_view pointer) {
    const Node* node = reading.root->resolve(pointer);
    return node == nullptr ? "none"
                           : std::to_string(node->at.line) + ':' + std::to_string(node->at.column);
  };
  EXPECT_EQ(place(""), "1:1");
  EXPECT_EQ(place("/a"), "2:9");
  EXPECT_EQ(place("/b"), "4:10");
  EXPECT_EQ(place("/b/0"), "4:11");
  EXPECT_EQ(place("/b/1"), "4:17");
  EXPECT_EQ(place("/b/2"), "5:2");
  EXPECT_EQ(reading.root->find("a")->key_at.line, 2);
  EXPECT_EQ(reading.root->find("a")->key_at.column, 3);
  EXPECT_EQ(reading.root->find("b")->key_at.column, 5);
}

TEST(JsonReader, CountsColumnsInCharacters) {
  const JsonReading reading = read_json("{\"\xC3\xA4\xE2\x82\xAC\": 1}", "f");
  ASSERT_TRUE(reading.root);
  EXPECT_EQ(reading.root->children[0].at.column, 8);
}

TEST(JsonReader, SkipsAByteOrderMark) {
  const JsonReading reading = read_json("\xEF\xBB\xBF{\"a\":1}", "f");
  ASSERT_TRUE(reading.root);
  EXPECT_EQ(reading.root->at.column, 1);
}

TEST(JsonReader, KeepsNumbersAsWritten) {
  const JsonReading reading = read_json("[1e2,-0.50,18446744073709551615]", "f");
  ASSERT_TRUE(reading.root);
  EXPECT_EQ(compact(*reading.root), "[1e2,-0.50,18446744073709551615]");
}

TEST(JsonReader, TellsBothPlacesOfADuplicateKeyAndGoesOn) {
  const JsonReading reading = read_json("{\"a\":1,\n \"a\":2,\n \"b\":{\"c\":1,\"c\":1}}", "f");
  ASSERT_TRUE(reading.root);
  ASSERT_EQ(reading.problems.size(), 2U);
  EXPECT_EQ(
      reading.problems[0].text(),
      "f:3:13: /b/c: duplicate key \"c\", first given at line 3, column 7; keep one of the two");
  EXPECT_EQ(reading.problems[1].text(),
            "f:2:2: /a: duplicate key \"a\", first given at line 1, column 2; keep one of the two");
  EXPECT_EQ(compact(*reading.root), R"({"a":1,"b":{"c":1}})");
}

TEST(JsonReader, TellsThePlaceOfASyntaxError) {
  EXPECT_EQ(first_problem("{\n \"a\" 1}"),
            "f:2:6: not valid JSON: Missing a colon after a name of object member");
  EXPECT_EQ(first_problem(""), "f:1:1: not valid JSON: The document is empty");
  EXPECT_EQ(first_problem("{} {}").substr(0, 6), "f:1:4:");
  EXPECT_EQ(first_problem("[1, /* never").substr(0, 4), "f:1:");
  EXPECT_EQ(first_problem("{\"a\":nul}").substr(0, 4), "f:1:");
  EXPECT_FALSE(read_json("[1e999]", "f").root);
}

TEST(JsonReader, SurvivesTwoMillionBrackets) {
  EXPECT_EQ(first_problem(std::string(2'000'000, '[')).substr(0, 7), "f:1:65:");
  std::string objects;
  for (int i = 0; i < 300'000; ++i) {
    objects += "{\"a\":";
  }
  EXPECT_TRUE(first_problem(objects).ends_with("nested deeper than 64 levels"));
}

TEST(JsonReader, AcceptsExactlyTheDepthLimit) {
  const std::string open(json_depth_max, '[');
  const std::string close(json_depth_max, ']');
  EXPECT_EQ(first_problem(open + close), "none");
  EXPECT_NE(first_problem('[' + open + close + ']'), "none");
}

TEST(JsonReader, RefusesInvalidUtf8NulAndLoneSurrogates) {
  EXPECT_EQ(first_problem("{\"a\":\"\xC0\x80\"}").substr(0, 6), "f:1:7:");
  EXPECT_EQ(first_problem(std::string_view("{}\0{}", 5)), "f:1:3: a NUL byte; this is not a text");
  EXPECT_EQ(first_problem(R"(["\u0000"])"), "f:1:2: a text may not contain U+0000; remove \\u0000");
  EXPECT_NE(first_problem(R"(["\udc00"])"), "none");
  EXPECT_NE(first_problem(R"(["\ud800"])"), "none");
  EXPECT_EQ(first_problem(R"(["\ud83d\ude00"])"), "none");
}

TEST(JsonReader, RefusesTooMuch) {
  EXPECT_EQ(first_problem(std::string(5'000'000, ' ')), "f: 5000000 bytes; the limit is 4194304");
  std::string many = "[0";
  for (std::size_t i = 0; i < json_values_max; ++i) {
    many += ",0";
  }
  EXPECT_TRUE(first_problem(many + ']').ends_with("more than 100000 values"));
}

TEST(JsonReader, HandlesManyDuplicatesQuickly) {
  std::string text = "{\"a\":0";
  for (int i = 0; i < 40'000; ++i) {
    text += ",\"a\":0,\"" + std::to_string(i) + "\":0";
  }
  const JsonReading reading = read_json(text + '}', "f");
  ASSERT_TRUE(reading.root);
  EXPECT_EQ(reading.root->children.size(), 40'001U);
  EXPECT_EQ(reading.problems.size(), 100U);
}

RC_GTEST_PROP(JsonReader, SurvivesAnyBytes, (const std::string& text)) {
  const JsonReading reading = read_json(text, "f");
  RC_ASSERT(reading.root.has_value() || !reading.problems.empty());
}

RC_GTEST_PROP(JsonReader, ReadsBackAnyText, (const std::vector<std::string>& texts)) {
  Node list = json_array();
  for (const std::string& each : texts) {
    if (is_utf8(each) && !each.contains('\0')) {
      list.push(json_string(each));
    }
  }
  const JsonReading reading = read_json(pretty(list), "f");
  RC_ASSERT(reading.root.has_value());
  RC_ASSERT(*reading.root == list);
}

}  // namespace
