// tests/host/manifest/cross_check_test.cpp - mistakes that need two keys.
#include "host/manifest/cross_check.hpp"

#include <gtest/gtest.h>

#include "tests/host/manifest/reading.hpp"

namespace {

using host::manifest::socket_path_bytes_max;
using test::read;
using test::read_with;
using test::told;

TEST(CrossCheck, KnowsThePluginsThatAfterNames) {
  const auto reading = read(
      R"({"schema":1,"plugins":{
"storage":{"library":"s","after":["storage"]},
"ws":{"library":"w","after":["storge"]},
"off":{"library":"o","enabled":false,"after":["nobody"]},
"x":{"library":"x","after":["off"]},
"y":{"library":"y","after":["x","x"]}}})");
  EXPECT_EQ(
      told(reading),
      "2:35 /plugins/storage/after/0: a plugin cannot start after itself\n"
      "3:30 /plugins/ws/after/0: there is no plugin \"storge\"; did you mean \"storage\"?\n"
      "5:29 /plugins/x/after/0: the plugin \"off\" is not enabled; enable it or remove it here\n"
      "6:33 /plugins/y/after/1: \"x\" is listed twice\n");
}

TEST(CrossCheck, AcceptsAfterInAnyOrder) {
  EXPECT_TRUE(
      read(R"({"schema":1,"plugins":{"a":{"library":"a","after":["b"]},"b":{"library":"b"}}})")
          .manifest);
}

TEST(CrossCheck, NeedsExactlyOneSourceOfASecret) {
  const auto reading =
      read_with(R"("secrets":{"a":{},"b":{"file":"x","credential":"y"},"c":{"file":"x"}})");
  EXPECT_EQ(reading.problems.size(), 2U) << told(reading);
  EXPECT_NE(told(reading).find("/secrets/a: a secret needs a source"), std::string::npos);
  EXPECT_NE(told(reading).find("/secrets/b: both"), std::string::npos);
}

TEST(CrossCheck, ComparesRestartWaits) {
  const auto reading = test::read_plugin(R"("restart":{"initial":"2s","max":"1s"})");
  EXPECT_NE(told(reading).find("/restart/initial: longer than restart.max (1s)"),
            std::string::npos);
}

TEST(CrossCheck, FindsASocketPathThatTheSystemWouldNotTake) {
  const std::string folder = "/" + std::string(socket_path_bytes_max - 11, 'd');  // + "/admin.sock"
  const auto with_folder = [](const std::string& path) {
    return read_with(R"("host":{"runtime_dir":")" + path + R"("})");
  };
  EXPECT_TRUE(with_folder(folder.substr(0, folder.size() - 1)).manifest);
  EXPECT_TRUE(told(with_folder(folder))
                  .starts_with("1:67 /host/runtime_dir: the control socket "
                               "would be " +
                               folder + "/admin.sock, 108 bytes"))
      << told(with_folder(folder));
  const auto own = read_with(R"("admin":{"unix":{"path":"/)" + std::string(200, 's') + R"("}})");
  EXPECT_TRUE(told(own).contains(" /admin/unix/path: the control socket")) << told(own);
  // The default can be too long as well: the manifest's folder is part of it.
  const auto deep =
      host::manifest::read_text(R"({"schema":1,"plugins":{}})",
                                "/" + std::string(100, 'x') + "/plugins.json", test::environment());
  EXPECT_TRUE(told(deep).starts_with("1:1 /host/runtime_dir: ")) << told(deep);
}

TEST(CrossCheck, RefusesAChannelAsItsOwnDeadLetter) {
  const auto reading = read_with(R"("channels":{"a":{"dead_letter":"a"}})");
  EXPECT_NE(told(reading).find("/channels/a/dead_letter: "), std::string::npos);
}

}  // namespace
