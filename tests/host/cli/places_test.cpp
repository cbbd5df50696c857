// tests/host/cli/places_test.cpp - the socket of a manifest's host, and errors as exit codes.
#include "host/cli/places.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/host/cli/place.hpp"

namespace host::cli {
namespace {

using testing::HasSubstr;

using Places = test::PlaceTest;

TEST_F(Places, TheSocketIsTheManifestsUnlessItIsNamed) {
  EXPECT_EQ(socket_of(place("")), (folder_.path() / "run" / "admin.sock").string());
  EXPECT_EQ(socket_of({folder_.path() / "absent.json", "/x.sock"}), "/x.sock");
}

TEST_F(Places, WithoutAManifestTheFixIsToNameOne) {
  const auto missing = socket_of(nowhere());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), BP_E_NOT_FOUND);
  EXPECT_THAT(missing.error().text(), HasSubstr("or its socket with --socket"));
  const auto wrong = socket_of({folder_.write("plugins.json", "{"), ""});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code(), BP_E_CONFIG);
  EXPECT_THAT(wrong.error().text(), HasSubstr("plugins.json:1:"));
}

TEST(PluginPath, IsAbsoluteAndOfThisInstallation) {
  EXPECT_TRUE(default_plugin_path().is_absolute());
  EXPECT_EQ(default_plugin_path().filename(), "plugins");
}

TEST(Complaint, GoesToStandardErrorWithTheCodesExitCode) {
  const test::Printed printed =
      test::printed([] { return complain({BP_E_ABI, "built for another law"}); });
  EXPECT_EQ(printed.code, 76);
  EXPECT_EQ(printed.err, "backplane: built for another law\n");
  EXPECT_EQ(printed.out, "");
}

}  // namespace
}  // namespace host::cli
