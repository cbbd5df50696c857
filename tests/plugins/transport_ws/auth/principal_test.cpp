// tests/plugins/transport_ws/auth/principal_test.cpp - patterns, and what they allow.
#include "auth/principal.hpp"

#include <string>

#include <gtest/gtest.h>

namespace transport_ws::auth {
namespace {

TEST(Pattern, FitsWholeTexts) {
  EXPECT_TRUE(matches("events", "events"));
  EXPECT_FALSE(matches("events", "event"));
  EXPECT_FALSE(matches("events", "events2"));
  EXPECT_TRUE(matches("", ""));
  EXPECT_FALSE(matches("", "a"));
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("ws.*", "ws.in.a"));
  EXPECT_FALSE(matches("ws.*", "ws"));
  EXPECT_TRUE(matches("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(matches("a*b*c", "a-b-c-d"));
  EXPECT_TRUE(matches("**", "x"));
}

TEST(Pattern, TakesLittleTimeForNastyOnes) {
  const std::string text(50'000, 'a');
  std::string pattern;
  for (int i = 0; i < 50; ++i) {
    pattern += "a*";
  }
  EXPECT_FALSE(matches(pattern + "b", text));
}

TEST(Principal, MayDoWhatItsListsName) {
  const Principal principal{
      "me", {{"events", "in.*"}, {"out"}, {"bp.storage.kv/1.Get", "bp.storage.records/1"}}, {}};
  EXPECT_TRUE(principal.may_publish("in.a"));
  EXPECT_FALSE(principal.may_publish("out"));
  EXPECT_TRUE(principal.may_subscribe("out"));
  EXPECT_FALSE(principal.may_subscribe("events"));
  EXPECT_TRUE(principal.may_call("bp.storage.kv/1", "Get"));
  EXPECT_FALSE(principal.may_call("bp.storage.kv/1", "Put"));
  EXPECT_TRUE(principal.may_call("bp.storage.records/1", "Insert"));
  EXPECT_FALSE(principal.may_call("bp.storage.records/2", "Insert"));
  EXPECT_FALSE(Principal{}.may_publish("events"));
}

}  // namespace
}  // namespace transport_ws::auth
