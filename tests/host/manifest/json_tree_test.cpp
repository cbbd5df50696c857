// tests/host/manifest/json_tree_test.cpp - building, searching, comparing and writing trees.
#include "host/manifest/json_tree.hpp"

#include <gtest/gtest.h>

namespace {

using namespace host::manifest;

TEST(JsonTree, WritesWhatWasBuilt) {
  Node root = json_object();
  root.set("a", json_integer(-1));
  root.set("b", json_array()).push(json_string("x\"y"));
  root.set("c", json_null());
  root.set("a", json_flag(true));
  EXPECT_EQ(compact(root), R"({"a":true,"b":["x\"y"],"c":null})");
  EXPECT_EQ(pretty(root),
            "{\n  \"a\": true,\n  \"b\": [\n    \"x\\\"y\"\n  ],\n  \"c\": null\n}\n");
}

TEST(JsonTree, WritesEmptyContainersOnOneLine) {
  EXPECT_EQ(pretty(json_literal(R"({"a":{},"b":[]})")), "{\n  \"a\": {},\n  \"b\": []\n}\n");
}

TEST(JsonTree, ResolvesPointers) {
  const Node root = json_literal(R"({"a/b":{"~":[10,20]},"":1})");
  ASSERT_NE(root.resolve("/a~1b/~0/1"), nullptr);
  EXPECT_EQ(root.resolve("/a~1b/~0/1")->text, "20");
  EXPECT_EQ(root.resolve(""), &root);
  EXPECT_EQ(root.resolve("/")->text, "1");
  EXPECT_EQ(root.resolve("/a~1b/~0/2"), nullptr);
  EXPECT_EQ(root.resolve("/a~1b/~0/01"), nullptr);
  EXPECT_EQ(root.resolve("/a~1b/~0/-1"), nullptr);
  EXPECT_EQ(root.resolve("no"), nullptr);
}

TEST(JsonTree, FindsTheNearestValueOnTheWay) {
  const Node root = json_literal(R"({"a":{"b":1}})");
  EXPECT_EQ(&root.nearest("/a/missing/deeper"), root.find("a"));
  EXPECT_EQ(&root.nearest("/x"), &root);
}

TEST(JsonTree, TellsThePointerOfAValue) {
  const Node root = json_literal(R"({"a/b":[{"c~":1}]})");
  const Node* target = root.resolve("/a~1b/0/c~0");
  ASSERT_NE(target, nullptr);
  EXPECT_EQ(pointer_to(root, *target), "/a~1b/0/c~0");
}

TEST(JsonTree, ComparesValuesNotPlaces) {
  EXPECT_EQ(json_literal("{\"a\":1}"), json_literal("{ \"a\" :\n 1 }"));
  EXPECT_FALSE(json_literal("{\"a\":1}") == json_literal("{\"b\":1}"));
  EXPECT_FALSE(json_literal("{\"a\":1}") == json_literal("{\"a\":\"1\"}"));
}

TEST(JsonTree, KnowsThePointerSyntax) {
  EXPECT_TRUE(is_pointer(""));
  EXPECT_TRUE(is_pointer("/a~0~1/"));
  EXPECT_FALSE(is_pointer("a"));
  EXPECT_FALSE(is_pointer("/a~"));
  EXPECT_FALSE(is_pointer("/a~2"));
}

TEST(JsonTree, NamesEveryKind) {
  EXPECT_EQ(kind_name(Kind::Null), "null");
  EXPECT_EQ(kind_name(Kind::Object), "an object");
}

TEST(JsonTree, WritesNumbersThatReadBack) {
  EXPECT_EQ(json_double(1.5).text, "1.5");
  EXPECT_EQ(json_double(2).text, "2");
  EXPECT_EQ(json_unsigned(18'446'744'073'709'551'615U).text, "18446744073709551615");
}

}  // namespace
