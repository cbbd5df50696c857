// tests/host/cli/plugin_verbs_test.cpp - facts of plugin files, found by path and by name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/cli/verbs.hpp"
#include "tests/host/cli/place.hpp"

namespace host::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class PluginVerbs : public test::PlaceTest {
 protected:
  test::Printed info(const Place& place, const std::string& file, bool json = false) {
    return test::printed([&] { return plugin_info(place, file, json); });
  }

  test::Printed list(const Place& place, bool json = false) {
    return test::printed([&] { return plugin_list(place, json); });
  }

  // A plugin path of its own.
  void copy(const std::string& name) {
    std::filesystem::create_directories(folder_.path() / "p");
    std::filesystem::copy_file(std::filesystem::path(BAD_PLUGINS_DIR) / (name + ".so"),
                               folder_.path() / "p" / (name + ".so"));
  }
};

TEST_F(PluginVerbs, InfoShowsAFile) {
  const test::Printed shown = info(nowhere(), BAD_PLUGINS_DIR "/good_minimal.so");
  EXPECT_EQ(shown.code, 0);
  EXPECT_THAT(shown.out, AllOf(StartsWith("org.example.minimal 1.0.0 - Does nothing.\n"),
                               HasSubstr("  channel    send bad.out broadcast (bytes)\n")));
}

TEST_F(PluginVerbs, InfoLooksForANameInTheManifestsPluginPath) {
  const test::Printed shown = info(place(""), "good_minimal");
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_THAT(shown.out, StartsWith("org.example.minimal"));
  // Also while something else in the manifest is wrong.
  EXPECT_EQ(info(place(R"("a":{"library":1})"), "good_minimal").code, 0);
}

TEST_F(PluginVerbs, InfoNamesTheNearestOne) {
  const test::Printed missing = info(place(""), "good_minimla");
  EXPECT_EQ(missing.code, 66);
  EXPECT_THAT(missing.err, HasSubstr("did you mean 'good_minimal'?"));
  EXPECT_EQ(missing.out, "");
  EXPECT_EQ(info(nowhere(), "/absent.so").code, 66);
}

TEST_F(PluginVerbs, InfoTellsWhyAFileIsRefused) {
  const test::Printed refused = info(place(""), "bad_layout", true);
  EXPECT_EQ(refused.code, 76);
  EXPECT_THAT(refused.out, AllOf(HasSubstr(R"("refused":{"code":"ABI")"), HasSubstr("law.layout")));
  EXPECT_THAT(refused.err, HasSubstr("law.layout"));
}

TEST_F(PluginVerbs, ListGoesThroughThePluginPathAndFindsRefusals) {
  copy("good_minimal");
  EXPECT_THAT(list(place("", "p")).out, StartsWith("good_minimal "));
  EXPECT_EQ(list(place("", "p")).code, 0);
  copy("bad_layout");
  const test::Printed both = list(place("", "p"));
  EXPECT_EQ(both.code, 2);
  EXPECT_THAT(both.out, StartsWith("bad_layout               refused: "));
  EXPECT_THAT(list(place("", "p"), true).out,
              AllOf(StartsWith(R"([{"file":)"), HasSubstr(R"("refused":{)"),
                    HasSubstr(R"("manifest":{"id":"org.example.minimal")")));
}

TEST_F(PluginVerbs, ListSaysWhereThereIsNothing) {
  const test::Printed empty = list(place("", "empty"));
  EXPECT_EQ(empty.code, 0);
  EXPECT_THAT(empty.err, HasSubstr("no plugin files in " + (folder_.path() / "empty").string()));
}

}  // namespace
}  // namespace host::cli
