// tests/host/name/glob_test.cpp - patterns against names.
#include "host/name/glob.hpp"

#include <string>

#include <gtest/gtest.h>

namespace host::name {
namespace {

TEST(Glob, AStarStandsForAnyRun) {
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("*", "ws.in"));
  EXPECT_TRUE(matches("ws.*", "ws.in.events"));
  EXPECT_TRUE(matches("*.in.*", "ws.in.events"));
  EXPECT_TRUE(matches("a*b*c", "aXXbYYc"));
  EXPECT_FALSE(matches("a*b*c", "aXXbYYd"));
  EXPECT_FALSE(matches("ws.*", "ws"));
  EXPECT_FALSE(matches("ws", "ws.in"));
  EXPECT_FALSE(matches("", "a"));
  EXPECT_TRUE(matches("", ""));
}

TEST(Glob, AQuestionMarkStandsForOneCharacter) {
  EXPECT_TRUE(matches("a?c*", "abc"));
  EXPECT_FALSE(matches("a?", "a"));
}

TEST(Glob, IsNotSlowForHostilePatterns) {
  EXPECT_FALSE(matches("*a*a*a*a*a*a*a*a*b", std::string(5'000, 'a')));
}

TEST(Glob, KnowsAPattern) {
  EXPECT_TRUE(is_glob("*.json"));
  EXPECT_TRUE(is_glob("a?"));
  EXPECT_FALSE(is_glob("plugins.json"));
}

}  // namespace
}  // namespace host::name
