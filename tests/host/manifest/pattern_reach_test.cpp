// tests/host/manifest/pattern_reach_test.cpp - long texts are refused where a pattern may meet
// them, and nowhere else.
#include "host/manifest/pattern_reach.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "host/manifest/json_tree.hpp"

namespace host::manifest {
namespace {

using Pointers = std::vector<std::string>;

Node node(const std::string& text) {
  return *read_json(text, "test").root;
}

// With texts of three bytes at most.
Pointers found(const std::string& schema, const std::string& config) {
  return too_long_for_patterns(node(schema), node(config), 3);
}

TEST(PatternReach, FollowsPropertiesAndItems) {
  const std::string schema =
      R"({"properties":{"a":{"pattern":"x"},"b":{"type":"string"},)"
      R"("c":{"items":{"properties":{"d":{"pattern":"x"}}}},"e":{"items":[{"pattern":"x"}]}}})";
  EXPECT_EQ(found(schema, R"({"a":"long","b":"long","c":[{"d":"long","b":"long"}],"e":["long"]})"),
            (Pointers{"/a", "/c/0/d", "/e/0"}));
  EXPECT_EQ(found(schema, R"({"a":"abc","c":[{"d":"abc"}]})"), Pointers());
}

TEST(PatternReach, FollowsMembersThatHaveNoNameInTheSchema) {
  EXPECT_EQ(found(R"({"additionalProperties":{"pattern":"x"}})", R"({"any":"long"})"),
            Pointers{"/any"});
  EXPECT_EQ(found(R"({"additionalProperties":{"type":"string"}})", R"({"any":"long"})"),
            Pointers());
  EXPECT_EQ(found(R"({"additionalProperties":false})", R"({"longer":"long"})"), Pointers());
}

TEST(PatternReach, MeasuresNamesThatAPatternMeets) {
  EXPECT_EQ(found(R"({"propertyNames":{"pattern":"x"}})", R"({"long":"long","abc":1})"),
            Pointers{"/long"});
  EXPECT_EQ(found(R"({"patternProperties":{"x":{}}})", R"({"long":1})"), Pointers{"/long"});
}

TEST(PatternReach, TakesEveryTextBelowACombination) {
  for (const char* const combined :
       {R"({"anyOf":[{"properties":{"a":{"pattern":"x"}}}]})", R"({"$ref":"#/definitions/d"})",
        R"({"if":{"properties":{"a":{"pattern":"x"}}},"then":{}})"}) {
    EXPECT_EQ(found(combined, R"({"a":{"b":["long"]}})"), Pointers{"/a/b/0"}) << combined;
  }
  EXPECT_EQ(found(R"({"not":{"required":["a"]}})", R"({"a":"long"})"), Pointers());
}

}  // namespace
}  // namespace host::manifest
