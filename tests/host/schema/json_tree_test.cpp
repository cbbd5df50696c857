// tests/host/schema/json_tree_test.cpp - the shape of the tree, its limits, and text that is no
// JSON.
#include "host/schema/json_tree.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace host::schema {

namespace {

std::string shape(const JsonTree& tree, const JsonNode& node) {
  std::string text(json_kind_name(node.kind));
  text += "(" + std::string(node.text);
  tree.each_child(node, [&](const JsonNode& child) {
    text += " " + std::string(child.key) + ":" + shape(tree, child);
    return true;
  });
  return text + ")";
}

std::string shape(std::string_view json) {
  const auto tree = JsonTree::parse(json);
  return tree ? shape(*tree, tree->root()) : tree.error().text();
}

TEST(JsonTree, KeepsShapeOrderAndDigits) {
  EXPECT_EQ(shape(R"( {"a":[1,-2.50e+3,[]],"b":{},"c":"x\ny","d":null} )"),
            "an object( a:an array( :a number(1) :a number(-2.50e+3) :an array()) b:an object() "
            "c:a string(x\ny) d:null())");
  EXPECT_EQ(shape("18446744073709551616"), "a number(18446744073709551616)");
  EXPECT_EQ(shape("true"), "true()");
  EXPECT_EQ(shape(R"("\u00e9\ud83d\ude00\u0000")"),
            std::string("a string(\xC3\xA9\xF0\x9F\x98\x80\0)", 17));
}

TEST(JsonTree, CountsChildrenAndStopsWhenAsked) {
  const auto tree = JsonTree::parse("[[1,2],3,4]");
  EXPECT_EQ(tree->root().count, 3U);
  int seen = 0;
  tree->each_child(tree->root(), [&](const JsonNode&) { return ++seen < 2; });
  EXPECT_EQ(seen, 2);
}

TEST(JsonTree, RefusesWhatIsNoJson) {
  const std::vector<std::string> texts{"",
                                       " ",
                                       "{",
                                       "{]",
                                       "[1,]",
                                       "{\"a\":1,}",
                                       "{a:1}",
                                       "01",
                                       "1 2",
                                       "nul",
                                       "'a'",
                                       "\"a",
                                       "\"\\x\"",
                                       "\"\n\"",
                                       "// c\n1",
                                       "NaN",
                                       "\"\xFF\"",
                                       "\"\xED\xA0\x80\"",
                                       "\"\\ud800\"",
                                       "\"\\udc00\"",
                                       "{\"\\udfff\":1}",
                                       std::string("1\0", 2),
                                       std::string("[1]\0x", 5)};
  for (const std::string& text : texts) {
    const auto tree = JsonTree::parse(text);
    ASSERT_FALSE(tree) << text;
    EXPECT_EQ(tree.error().code(), BP_E_INVALID) << text;
    EXPECT_NE(tree.error().text().find("not JSON"), std::string::npos) << tree.error().text();
  }
}

TEST(JsonTree, DepthIsLimited) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(JsonTree::parse(nested(json_depth_max)));
  EXPECT_EQ(JsonTree::parse(nested(json_depth_max + 1)).error().code(), BP_E_TOO_LARGE);
  // Never deeper than the limit, however long the text: this would overflow a recursive parser.
  EXPECT_EQ(JsonTree::parse(std::string(1'000'000, '[')).error().code(), BP_E_TOO_LARGE);
}

TEST(JsonTree, SizeIsLimited) {
  const std::string text = "\"" + std::string(json_bytes_max, 'a') + "\"";
  EXPECT_EQ(JsonTree::parse(text).error().code(), BP_E_TOO_LARGE);
  EXPECT_TRUE(JsonTree::parse(std::string_view(text).substr(2)).error().code() == BP_E_INVALID);
}

RC_GTEST_PROP(JsonTree, AnyStringSurvivesQuoting, (const std::string& text)) {
  const auto tree = JsonTree::parse(error::json_quoted(text));
  RC_ASSERT(tree.has_value());
  RC_ASSERT(error::json_quoted(tree->root().text) == error::json_quoted(text));
}

RC_GTEST_PROP(JsonTree, AnyBytesAreHandled, (const std::string& text)) {
  static_cast<void>(JsonTree::parse(text));
  static_cast<void>(JsonTree::parse("{\"a\":[" + text + "]}"));
}

}  // namespace

}  // namespace host::schema
