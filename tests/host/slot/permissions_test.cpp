// tests/host/slot/permissions_test.cpp - globs, and refusals that say what to grant.
#include "host/slot/permissions.hpp"

#include <gtest/gtest.h>

namespace host::slot {
namespace {

TEST(Permissions, ARefusalNamesTheKeyToGrant) {
  Permissions permissions;
  permissions.publish = {"ws.*"};
  EXPECT_TRUE(permissions.allow("publish", permissions.publish, "ws.in", "gate"));
  const auto refused = permissions.allow("publish", permissions.publish, "secret", "gate");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), BP_E_PERMISSION);
  EXPECT_NE(refused.error().text().find("plugins.gate.permissions.publish"), std::string::npos);
}

TEST(Permissions, NamesThatMayBeUsedMayBeSeen) {
  Permissions permissions{{"ws.in"}, {"ws.out"}, {"bp.mine"}, {"bp.*"}};
  EXPECT_TRUE(permissions.sees_channel("ws.in"));
  EXPECT_TRUE(permissions.sees_channel("ws.out"));
  EXPECT_FALSE(permissions.sees_channel("bp.mine"));
  EXPECT_TRUE(permissions.sees_service("bp.mine"));
  EXPECT_TRUE(permissions.sees_service("bp.other"));
  EXPECT_FALSE(permissions.sees_service("ws.in"));
  permissions.watch = {"ws.*"};
  EXPECT_TRUE(permissions.sees_channel("ws.other"));
  EXPECT_TRUE(permissions.sees_service("ws.other"));
  EXPECT_FALSE(permissions.sees_channel("x"));
}

}  // namespace
}  // namespace host::slot
