// tests/host/daemon/preparation_test.cpp - one list of findings, as text and as JSON, and the exit
// codes of `check` and `serve`.
#include "host/daemon/preparation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/host/manifest/reading.hpp"

namespace host::daemon {
namespace {

using testing::HasSubstr;
using testing::Not;

class PreparationTest : public testing::Test {
 protected:
  Preparation of(const std::string& text) {
    return prepare(folder_.write("plugins.json", text), test::environment());
  }

  // A manifest of plugins, one a line: {"a", "bad_layout"}.
  Preparation of_plugins(std::vector<std::pair<std::string, std::string>> plugins,
                         const std::string& more = "") {
    std::string text = "{\"schema\":1,\"plugins\":{";
    for (const auto& [id, file] : plugins) {
      text +=
          "\n\"" + id + "\":{\"library\":\"" + BAD_PLUGINS_DIR + "/" + file + ".so\"" + more + "},";
    }
    return of(text + "}}");
  }

  test::Folder folder_;
};

TEST_F(PreparationTest, FindsNothingInAGoodManifest) {
  const Preparation prepared = of_plugins({{"a", "good_minimal"}});
  EXPECT_TRUE(prepared.manifest);
  EXPECT_EQ(prepared.check_exit_code(), 0);
  EXPECT_EQ(prepared.serve_exit_code(), 0);
  EXPECT_EQ(prepared.text(), "");
  EXPECT_EQ(prepared.json(), "{\"problems\":[],\"warnings\":[]}\n");
}

TEST_F(PreparationTest, TellsARefusedFileWithItsPlaceInBothForms) {
  const Preparation prepared = of_plugins({{"good", "good_minimal"}, {"bad", "bad_layout"}});
  EXPECT_THAT(prepared.text(), HasSubstr("plugins.json:3:18: /plugins/bad/library: plugin file '"));
  EXPECT_THAT(prepared.text(), HasSubstr("\n1 problem\n"));
  EXPECT_THAT(prepared.json(),
              HasSubstr(R"("line":3,"column":18,"pointer":"/plugins/bad/library","code":"ABI",)"
                        R"("message":"plugin file ')"));
}

TEST_F(PreparationTest, TellsWarningsInBothForms) {
  const Preparation prepared = of_plugins({{"a", "bad_rpath"}});
  EXPECT_EQ(prepared.check_exit_code(), 0);
  EXPECT_THAT(prepared.text(), HasSubstr("plugins.json:2:16: /plugins/a/library: warning: has the "
                                         "search path"));
  EXPECT_THAT(prepared.text(), Not(HasSubstr("problem")));
  EXPECT_THAT(prepared.json(), HasSubstr(R"({"problems":[],"warnings":[{"file":)"));
}

TEST_F(PreparationTest, TellsProblemsAndRefusalsInReadingOrder) {
  const Preparation prepared = of_plugins({{"a", "bad_layout"}, {"b", "good_minimal"}}, ",\"x\":1");
  ASSERT_EQ(prepared.findings.size(), 3U) << prepared.text();
  EXPECT_EQ(prepared.findings[0].pointer, "/plugins/a/library");
  EXPECT_EQ(prepared.findings[1].pointer, "/plugins/a/x");
  EXPECT_EQ(prepared.findings[2].pointer, "/plugins/b/x");
  EXPECT_FALSE(prepared.manifest);
  EXPECT_EQ(prepared.check_exit_code(), 78);
  EXPECT_EQ(prepared.serve_exit_code(), 78);
}

TEST_F(PreparationTest, ExitsByTheFirstRefusal) {
  EXPECT_EQ(of_plugins({{"a", "bad_layout"}, {"b", "absent"}}).check_exit_code(), 76);
  EXPECT_EQ(of_plugins({{"b", "absent"}, {"a", "bad_layout"}}).check_exit_code(), 66);
  EXPECT_EQ(of_plugins({{"b", "absent"}}).serve_exit_code(), 66);
  EXPECT_EQ(of_plugins({{"a", "bad_layout"}}).serve_exit_code(), 76);
  EXPECT_EQ(of_plugins({{"a", "bad_no_manifest"}}).check_exit_code(), 2);
  EXPECT_EQ(of_plugins({{"a", "bad_no_manifest"}}).serve_exit_code(), 69);
  const std::string sum = ",\"sha256\":\"" + std::string(64, '0') + "\"";
  EXPECT_EQ(of_plugins({{"a", "good_minimal"}}, sum).check_exit_code(), 77);
  EXPECT_EQ(of_plugins({{"a", "good_minimal"}}, sum).serve_exit_code(), 77);
}

TEST(StartExitCode, TellsWhatOnlyAnOperatorCanMend) {
  EXPECT_EQ(start_exit_code(BP_E_NOT_FOUND), 66);
  EXPECT_EQ(start_exit_code(BP_E_ABI), 76);
  EXPECT_EQ(start_exit_code(BP_E_PERMISSION), 77);
  EXPECT_EQ(start_exit_code(BP_E_CONFIG), 78);
  EXPECT_EQ(start_exit_code(BP_E_INVALID), 78);
  EXPECT_EQ(start_exit_code(BP_E_RANGE), 78);
  for (const bp_status passing : {BP_E_UNAVAILABLE, BP_E_TIMEOUT, BP_E_BUSY, BP_E_IO}) {
    EXPECT_EQ(start_exit_code(passing), 69);
  }
}

TEST_F(PreparationTest, ServesWithoutAPluginThatIsNotRequired) {
  const Preparation prepared = of_plugins({{"a", "bad_layout"}}, ",\"required\":false");
  EXPECT_EQ(prepared.check_exit_code(), 76);
  EXPECT_EQ(prepared.serve_exit_code(), 0);
}

TEST_F(PreparationTest, AFatalRefusalBehindAnotherOneCounts) {
  const Preparation prepared =
      of(std::string(R"({"schema":1,"plugins":{"a":{"library":")") + BAD_PLUGINS_DIR +
         R"(/absent.so","on_start_error":"retry"},"b":{"library":")" + BAD_PLUGINS_DIR +
         R"(/bad_layout.so"}}})");
  EXPECT_EQ(prepared.serve_exit_code(), 76);
}

TEST_F(PreparationTest, AManifestThatIsNotThereIs66) {
  const Preparation prepared = prepare(folder_.path() / "absent.json", test::environment());
  EXPECT_EQ(prepared.check_exit_code(), 66);
  EXPECT_EQ(prepared.serve_exit_code(), 66);
  EXPECT_THAT(prepared.json(), HasSubstr(R"("code":"NOT_FOUND")"));
}

}  // namespace
}  // namespace host::daemon
