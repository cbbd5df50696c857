// tests/plugins/transport_ws/edge/client_directory_test.cpp - whose a client is.
#include "edge/client_directory.hpp"

#include <gtest/gtest.h>

namespace transport_ws::edge {
namespace {

class ClientDirectoryTest : public ::testing::Test {
 protected:
  ClientDirectory directory{{"hq"}, 2};
};

TEST_F(ClientDirectoryTest, GivesAClientToWhoOpenedIt) {
  ASSERT_TRUE(directory.add("mine", "worker"));
  EXPECT_EQ(directory.owner_of("mine"), "worker");
  EXPECT_TRUE(directory.may_send("mine", "worker"));
  EXPECT_TRUE(directory.may_close("mine", "worker"));
  EXPECT_EQ(directory.may_send("mine", "other").error().code(), BP_E_PERMISSION);
  EXPECT_EQ(directory.may_close("mine", "other").error().text(),
            "client 'mine' belongs to instance 'worker'");
  EXPECT_TRUE(directory.may_close("mine", ""));  // the operator
}

TEST_F(ClientDirectoryTest, KeepsTheOperatorsFromInstances) {
  ASSERT_TRUE(directory.add("ops", ""));
  EXPECT_TRUE(directory.may_send("ops", ""));
  EXPECT_EQ(directory.may_send("ops", "worker").error().code(), BP_E_PERMISSION);
}

TEST_F(ClientDirectoryTest, LetsEveryoneSendToThoseOfTheConfiguration) {
  EXPECT_TRUE(directory.may_send("hq", "anyone"));
  EXPECT_EQ(directory.may_close("hq", "anyone").error().code(), BP_E_PERMISSION);
  EXPECT_EQ(directory.may_close("hq", "").error().code(), BP_E_PERMISSION);
  EXPECT_EQ(directory.add("hq", "anyone").error().code(), BP_E_EXISTS);
}

TEST_F(ClientDirectoryTest, KnowsNoOthersAndCounts) {
  EXPECT_EQ(directory.may_send("none", "").error().code(), BP_E_NOT_FOUND);
  EXPECT_EQ(directory.may_close("none", "").error().code(), BP_E_NOT_FOUND);
  ASSERT_TRUE(directory.add("a", "x"));
  EXPECT_EQ(directory.add("a", "x").error().code(), BP_E_EXISTS);
  ASSERT_TRUE(directory.add("b", "y"));
  EXPECT_EQ(directory.add("c", "x").error().code(), BP_E_BUSY);
  directory.remove("a");
  EXPECT_TRUE(directory.add("c", "x"));
}

}  // namespace
}  // namespace transport_ws::edge
