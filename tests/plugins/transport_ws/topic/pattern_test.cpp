// tests/plugins/transport_ws/topic/pattern_test.cpp - allow lists of topics.
#include "topic/pattern.hpp"

#include <string>
#include <tuple>

#include <gtest/gtest.h>

namespace transport_ws::topic {
namespace {

TEST(Pattern, MatchesRuns) {
  for (const auto& [pattern, name, expected] :
       {std::tuple{"news", "news", true}, std::tuple{"news", "news.a", false},
        std::tuple{"news.*", "news.a.b", true}, std::tuple{"news.*", "news.", true},
        std::tuple{"news.*", "news", false}, std::tuple{"*", "", true}, std::tuple{"*", "x", true},
        std::tuple{"*.log", "a.log.log", true}, std::tuple{"a*b*c", "a1b2b3c", true},
        std::tuple{"a*b*c", "a1b2b3", false}, std::tuple{"", "", true}, std::tuple{"", "x", false},
        std::tuple{"a**", "a", true}, std::tuple{"?", "x", false}}) {
    EXPECT_EQ(matches(pattern, name), expected) << pattern << " " << name;
  }
}

TEST(Pattern, IsNotMadeSlowByManyStars) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) {
    pattern += "a*";
  }
  EXPECT_FALSE(matches(pattern + "b", std::string(10'000, 'a')));
}

TEST(Pattern, AllowsNothingWhenThereIsNone) {
  EXPECT_FALSE(allows({}, "a"));
  EXPECT_TRUE(allows({"b", "a*"}, "ab"));
  EXPECT_FALSE(allows({"b", "a"}, "ab"));
}

}  // namespace
}  // namespace transport_ws::topic
