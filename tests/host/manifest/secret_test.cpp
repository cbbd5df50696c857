// tests/host/manifest/secret_test.cpp - secrets reach the plugin and nobody else.
#include "host/manifest/secret.hpp"

#include <gtest/gtest.h>

#include "host/manifest/manifest_schema.hpp"
#include "tests/host/manifest/reading.hpp"

namespace {

using namespace host::manifest;
using test::told;

constexpr std::string_view password = "correct horse";

class SecretTest : public testing::Test {
 protected:
  // A manifest whose plugin "a" has this configuration.
  Reading read(const std::string& config, std::map<std::string, std::string> variables = {}) {
    folder.write("key.txt", std::string(password) + "\n");
    folder.write("keys.json", R"({"first":"correct horse","count":2})");
    const auto file =
        folder.write("plugins.json",
                     R"({"schema":1,"secrets":{"key":{"file":"key.txt"},"keys":{"file":"keys.json"},
            "gone":{"file":"gone"},"cred":{"credential":"key.txt"}},
            "plugins":{"a":{"library":"a","config":)" +
                         config + "}}}");
    return read_file(file, test::environment(std::move(variables)));
  }

  test::Folder folder;
};

TEST_F(SecretTest, ReplacesReferences) {
  const Reading reading = read(R"({"p":[{"$secret":"key"}],"q":{"$secret":"keys:first"}})");
  ASSERT_TRUE(reading.manifest) << told(reading);
  EXPECT_EQ(reading.manifest->plugins[0].config, R"({"p":["correct horse"],"q":"correct horse"})");
}

TEST_F(SecretTest, IsNeverPrinted) {
  const Reading reading = read(R"({"p":{"$secret":"key"}})");
  ASSERT_TRUE(reading.manifest);
  const std::string printed = print_effective(*reading.manifest);
  EXPECT_EQ(printed.find(password), std::string::npos);
  EXPECT_NE(printed.find("\"$secret\": \"key\""), std::string::npos);
}

TEST_F(SecretTest, TellsEveryMistakeButNoText) {
  const Reading reading = read(
      R"({"a":{"$secret":"kye"},"b":{"$secret":"gone"},"c":{"$secret":"key:x"},
          "d":{"$secret":"keys:count"},"e":{"$secret":"key","x":1},"f":{"$secret":1},
          "g":{"$secret":"cred"}})");
  const std::string problems = told(reading);
  EXPECT_EQ(reading.problems.size(), 7U) << problems;
  EXPECT_NE(problems.find("/plugins/a/config/a: there is no secret \"kye\"; did you mean \"key\"?"),
            std::string::npos);
  EXPECT_NE(problems.find("/config/b: reading the secret \"gone\": there is no file"),
            std::string::npos);
  EXPECT_NE(problems.find("/config/c: the secret \"key\" is not a JSON object"), std::string::npos);
  EXPECT_NE(problems.find("/config/d: the secret \"keys\" has no text under \"count\""),
            std::string::npos);
  EXPECT_NE(problems.find("CREDENTIALS_DIRECTORY is not set"), std::string::npos);
  EXPECT_EQ(problems.find(password), std::string::npos);
}

TEST_F(SecretTest, ReadsSystemdCredentials) {
  const Reading reading =
      read(R"({"p":{"$secret":"cred"}})", {{"CREDENTIALS_DIRECTORY", folder.path().string()}});
  ASSERT_TRUE(reading.manifest) << told(reading);
  EXPECT_EQ(reading.manifest->plugins[0].config, R"({"p":"correct horse"})");
}

TEST_F(SecretTest, StripsOneLineEndAndRefusesWhatIsNoText) {
  const std::vector<Secret> secrets{{"two", folder.write("two", "a\n\r\n"), {}},
                                    {"raw", folder.write("raw", "\xFF\xFE"), {}},
                                    {"big", folder.write("big", std::string(65'537, 'a')), {}}};
  const Environment environment = test::environment();
  SecretReader reader(secrets, environment);
  EXPECT_EQ(reader.text("two").value(), "a\n");
  EXPECT_EQ(reader.text("raw").error().code(), BP_E_CONFIG);
  EXPECT_EQ(reader.text("big").error().code(), BP_E_TOO_LARGE);
}

}  // namespace
