// tests/host/manifest/schema_walk_test.cpp - references that may be followed and those that may
// not.
#include "host/manifest/schema_walk.hpp"

#include <gtest/gtest.h>

namespace {

using namespace host::manifest;

std::string refusal(std::string_view text) {
  const auto schema = read_schema(text);
  return schema ? "none" : schema.error().message();
}

TEST(SchemaWalk, RefusesReferencesThatLeaveTheSchema) {
  EXPECT_NE(
      refusal(R"({"$ref":"http://example.org/s.json"})").find("only references into the same"),
      std::string::npos);
  EXPECT_NE(
      refusal(R"({"properties":{"a":{"$ref":"file:///etc/passwd"}}})").find("only references"),
      std::string::npos);
  EXPECT_NE(refusal(R"({"$ref":"other.json"})").find("only references"), std::string::npos);
  EXPECT_NE(refusal(R"({"$ref":"#/definitions/x"})").find("nothing at this place"),
            std::string::npos);
}

TEST(SchemaWalk, RefusesReferencesWithoutEnd) {
  EXPECT_NE(refusal(R"({"$ref":"#"})"), "none");
  EXPECT_NE(refusal(R"({"allOf":[{"$ref":"#"}]})"), "none");
  EXPECT_NE(refusal(R"({"not":{"$ref":"#"}})"), "none");
  EXPECT_NE(refusal(R"({"properties":{"a":{"$ref":"#/definitions/x"}},
                        "definitions":{"x":{"anyOf":[{"$ref":"#/definitions/y"}]},
                                       "y":{"$ref":"#/definitions/x"}}})"),
            "none");
}

TEST(SchemaWalk, AcceptsATreeThatContainsItself) {
  EXPECT_EQ(refusal(R"({"properties":{"child":{"$ref":"#"}}})"), "none");
}

TEST(SchemaWalk, RefusesWhatIsNoSchema) {
  EXPECT_NE(refusal("[]"), "none");
  EXPECT_NE(refusal("{"), "none");
  EXPECT_NE(refusal(R"({"a":1,"a":2})"), "none");
  EXPECT_NE(refusal(R"({"pattern":")" + std::string(2'000, 'a') + "\"}"), "none");
}

TEST(SchemaWalk, FindsTheSchemasOfAPlace) {
  const Node schema =
      *read_schema(R"({"properties":{"list":{"items":{"$ref":"#/definitions/item"}},"map":)"
                   R"({"additionalProperties":{"type":"number"}}},
          "definitions":{"item":{"properties":{"p":{"type":"string"}}}}})");
  const Node value = json_literal(R"({"list":[{"p":1}],"map":{"any":1}})");
  const Schemas at_p = schemas_at(schema, value, "/list/0/p");
  ASSERT_EQ(at_p.size(), 1U);
  EXPECT_EQ(compact(*at_p[0]), R"({"type":"string"})");
  ASSERT_EQ(schemas_at(schema, value, "/map/any").size(), 1U);
  EXPECT_TRUE(schemas_at(schema, value, "/nowhere/x").empty());
}

TEST(SchemaWalk, CollectsEveryAlternative) {
  const Node schema =
      *read_schema(R"({"anyOf":[{"title":"1"},{"oneOf":[{"title":"2"}]}],"then":{"title":"3"}})");
  EXPECT_EQ(alternatives(schema, schema).size(), 5U);
}

}  // namespace
