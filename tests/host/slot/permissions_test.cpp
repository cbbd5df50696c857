// tests/host/slot/permissions_test.cpp - globs, and refusals that say what to grant.
#include "host/slot/permissions.hpp"

#include <gtest/gtest.h>

namespace host::slot {
namespace {

TEST(Matches, AStarStandsForAnyRun) {
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("*", "ws.in"));
  EXPECT_TRUE(matches("ws.*", "ws.in.events"));
  EXPECT_FALSE(matches("ws.*", "ws"));
  EXPECT_TRUE(matches("*.in.*", "ws.in.events"));
  EXPECT_TRUE(matches("a*b*c", "aXXbYYc"));
  EXPECT_FALSE(matches("a*b*c", "aXXbYYd"));
  EXPECT_FALSE(matches("", "a"));
  EXPECT_TRUE(matches("", ""));
}

TEST(Matches, IsNotSlowForHostilePatterns) {
  EXPECT_FALSE(matches("*a*a*a*a*a*a*a*a*b", std::string(5'000, 'a')));
}

TEST(Permissions, ARefusalNamesTheKeyToGrant) {
  Permissions permissions;
  permissions.publish = {"ws.*"};
  EXPECT_TRUE(permissions.allow("publish", permissions.publish, "ws.in", "gate"));
  const auto refused = permissions.allow("publish", permissions.publish, "secret", "gate");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), BP_E_PERMISSION);
  EXPECT_NE(refused.error().text().find("plugins.gate.permissions.publish"), std::string::npos);
}

}  // namespace
}  // namespace host::slot
