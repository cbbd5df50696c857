// tests/sdk/cpp/json_reader_test.cpp - strict RFC 8259: what is refused, and at which byte.
#include "backplane/cpp/json_reader.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "backplane/cpp/json.hpp"

namespace {

using bp::json::reader;
using bp::json::text_store;

class Accepted : public testing::TestWithParam<std::string_view> {};

class Refused : public testing::TestWithParam<std::string_view> {};

TEST_P(Accepted, IsJson) {
  const auto checked = bp::json::check(GetParam());
  EXPECT_TRUE(checked) << checked.error().text();
}

TEST_P(Refused, IsNotJson) {
  EXPECT_FALSE(bp::json::check(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Json, Accepted,
                         testing::Values("null", " true ", "false", "0", "-0", "-1.5e+10", "1E2",
                                         "\"\"", "[]", "{}", "[[]]", "[1, 2]",
                                         "{\"a\":{\"b\":[null]}}", "\t\r\n [ ] ",
                                         "\"\\u00e9\\ud83d\\ude00\\/\"",
                                         "\"\xC3\xA9\xF0\x9F\x98\x80\"", "\"a\\\"b\\\\\""));

INSTANTIATE_TEST_SUITE_P(Json, Refused,
                         testing::Values("", " ", "nul", "nulll", "01", "-", "1.", ".5", "+1", "1e",
                                         "0x1", "NaN", "'a'", "\"a", "\"\\x\"", "\"\\u12g4\"",
                                         "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"",
                                         "\"\t\"", "\"\xC0\xAF\"", "\"\xED\xA0\x80\"",
                                         "\"\xF5\x80\x80\x80\"", "\"\xC3\"", "[1,]", "[,1]",
                                         "[1 2]", "[", "]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
                                         "{a:1}", "{\"a\":1 \"b\":2}", "1 2", "// x", "[1]]",
                                         "\xEF\xBB\xBF{}", "{\"a\":1", "\"\\u12\"", "\"\\"));

TEST(JsonReader, BorrowsWhatHasNoEscapes) {
  const std::string text = R"(["plain","es\u0063aped\n"])";
  text_store store;
  reader in(text, store);
  std::string_view first;
  std::string_view second;
  ASSERT_TRUE(in.begin_array() && in.next_element() && in.read_string(first) && in.next_element() &&
              in.read_string(second) && !in.next_element() && in.finish());
  EXPECT_EQ(first, "plain");
  EXPECT_EQ(first.data(), text.data() + 2) << "no copy";
  EXPECT_EQ(second, "escaped\n");
}

TEST(JsonReader, NamesTheByteOfTheProblem) {
  EXPECT_EQ(bp::json::check("[1, x]").error().message(),
            "not valid JSON: a value cannot begin here (byte 4)");
  EXPECT_EQ(bp::json::check("{\"a\" 1}").error().message(),
            "not valid JSON: ':' should follow the key (byte 5)");
  EXPECT_EQ(bp::json::check("\"ab\xFF\"").error().message(),
            "not valid JSON: not valid UTF-8 (byte 3)");
}

TEST(JsonReader, BoundsTheDepth) {
  const auto nested = [](std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
  };
  EXPECT_TRUE(bp::json::check(nested(bp::json::depth_max)));
  EXPECT_FALSE(bp::json::check(nested(bp::json::depth_max + 1)));
  EXPECT_FALSE(bp::json::check(std::string(1'000'000, '['))) << "and no stack is used up";
}

TEST(JsonReader, SkipsAnyValueAndGivesItsText) {
  text_store store;
  reader in(R"({"a": {"b" : [1, "}"]} , "c":2})", store);
  std::string_view key;
  std::string_view raw;
  ASSERT_TRUE(in.begin_object() && in.next_member(key) && in.skip(raw));
  EXPECT_EQ(raw, R"({"b" : [1, "}"]})");
  ASSERT_TRUE(in.next_member(key));
  EXPECT_EQ(key, "c");
}

TEST(JsonReader, FindsTheEndOfLongStringsWhereverItIs) {
  for (std::size_t length = 0; length < 40; ++length) {
    const std::string body(length, 'x');
    text_store store;
    std::string_view value;
    const std::string plain = "\"" + body + "\"";
    reader in(plain, store);
    ASSERT_TRUE(in.read_string(value));
    EXPECT_EQ(value, body);
    EXPECT_FALSE(bp::json::check("\"" + body + "\x01\"")) << length;
    EXPECT_FALSE(bp::json::check("\"" + body + "\x80\"")) << length;
    const std::string escaped = "\"" + body + "\\n" + body + "\"";
    reader again(escaped, store);
    ASSERT_TRUE(again.read_string(value));
    EXPECT_EQ(value, body + "\n" + body);
  }
}

}  // namespace
