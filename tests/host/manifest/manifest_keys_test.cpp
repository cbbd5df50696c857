// tests/host/manifest/manifest_keys_test.cpp - the top level: schema, trust, env, unknown keys.
#include <gtest/gtest.h>

#include "tests/host/manifest/reading.hpp"

namespace {

using test::read;
using test::read_with;
using test::told;

TEST(ManifestKeys, AcceptTheSmallestFile) {
  const auto reading = read(R"({"schema":1,"plugins":{"hello":{"library":"hello"}}})");
  EXPECT_TRUE(reading.manifest) << told(reading);
}

TEST(ManifestKeys, NeedSchemaAndPlugins) {
  EXPECT_EQ(told(read("{}")),
            "1:1 : the key \"schema\" is missing\n1:1 : the key \"plugins\" is missing\n");
}

TEST(ManifestKeys, SayWhichSchemaThisBuildReads) {
  EXPECT_EQ(
      told(read(R"({"schema":2,"plugins":{}})")),
      "1:11 /schema: this build reads manifests of schema 1 only, and this one is of schema 2; "
      "fix: install a backplane that reads it, or write the manifest in the form that "
      "`backplane config schema` prints, with \"schema\": 1\n");
  for (const char* wrong : {"0", "-1", "1.0", "\"1\"", "null", "99999999999999999999"}) {
    EXPECT_EQ(told(read(std::string(R"({"schema":)") + wrong + R"(,"plugins":{}})")),
              "1:11 /schema: 1 is expected here: the only manifest version that this build reads\n")
        << wrong;
  }
}

TEST(ManifestKeys, RefuseUnknownOnes) {
  EXPECT_EQ(told(read(R"({"schema":1,"plugins":{},"plugin":{}})")),
            "1:26 /plugin: unknown key \"plugin\"; did you mean \"plugins\"?\n");
}

TEST(ManifestKeys, AllowOnlyTheDefaultsOfTrust) {
  EXPECT_TRUE(read_with(R"("trust":{"require_signature":false,"unsigned_ok":true})").manifest);
  const auto reading = read_with(
      R"("trust":{"require_signature":true,"keys":[],"lockfile":"x","unsigned_ok":false})");
  EXPECT_EQ(reading.problems.size(), 4U);
  EXPECT_NE(told(reading).find("/trust/keys: not in this build: signatures"), std::string::npos);
}

TEST(ManifestKeys, CheckTheNamesOfVariables) {
  EXPECT_NE(told(read_with(R"("env":{"allow":["HOME","1X","A-B"]})")).find("/env/allow/1"),
            std::string::npos);
}

}  // namespace
