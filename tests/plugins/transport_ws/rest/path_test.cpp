// tests/plugins/transport_ws/rest/path_test.cpp - patterns, percent-encoding, values as JSON.
#include "rest/path.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace transport_ws::rest {
namespace {

using Values = std::vector<std::string_view>;

TEST(Pattern, MatchesSegmentBySegment) {
  const auto pattern = Pattern::parse("/records/{id}/parts/{number:number}");
  ASSERT_TRUE(pattern);
  EXPECT_EQ(pattern->match("/records/a%2Fb/parts/7"), (Values{"a%2Fb", "7"}));
  for (const auto* other :
       {"", "/", "/records", "/records//parts/7", "/records/a/parts/", "/records/a/parts/7/",
        "/Records/a/parts/7", "records/a/parts/7", "//records/a/parts/7"}) {
    EXPECT_FALSE(pattern->match(other)) << other;
  }
  EXPECT_EQ(pattern->shape(), "/records/{}/parts/{}");
  ASSERT_EQ(pattern->parameters().size(), 2U);
  EXPECT_FALSE(pattern->parameters()[0].number);
  EXPECT_TRUE(pattern->parameters()[1].number);
  EXPECT_TRUE(Pattern::parse("/")->match("/"));
  EXPECT_FALSE(Pattern::parse("/")->match("/a"));
}

TEST(Pattern, RefusesWhatIsNone) {
  for (const auto* text :
       {"", "records", "/a b", "/a?b", "/a#b", "/%41", "/{}", "/{a-b}", "/{a}/{a}", "/{a:string}",
        "/{a", "/a}", "/a{b}", "/{a}b/{c}", "/{{a}}"}) {
    EXPECT_FALSE(Pattern::parse(text)) << text;
  }
}

TEST(Encoding, IsUndoneOrRefused) {
  EXPECT_EQ(decoded("a%20b%C3%a4"), "a b\xc3\xa4");
  EXPECT_EQ(decoded("%41"), "A");
  for (const auto* text : {"%", "%4", "a%4", "%zz", "%00"}) {
    EXPECT_FALSE(decoded(text)) << text;
  }
}

TEST(Argument, IsJson) {
  EXPECT_EQ(argument({"a", false}, "say \"x\"")->json, R"("say \"x\"")");
  EXPECT_EQ(argument({"a", true}, "-1.5e3")->json, "-1.5e3");
  EXPECT_FALSE(argument({"a", false}, "\xff"));
  for (const auto* text : {"", "x", "1,2", "1]", "\"1\"", "01", "true"}) {
    EXPECT_FALSE(argument({"a", true}, text)) << text;
  }
}

}  // namespace
}  // namespace transport_ws::rest
