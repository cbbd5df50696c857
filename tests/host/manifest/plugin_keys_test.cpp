// tests/host/manifest/plugin_keys_test.cpp - every key of plugins.<id>.
#include <gtest/gtest.h>

#include "tests/host/manifest/reading.hpp"

namespace {

using namespace host::manifest;
using namespace std::chrono_literals;
using test::read_plugin;
using test::told;

bool says(const Reading& reading, std::string_view text) {
  return told(reading).find(text) != std::string::npos;
}

TEST(PluginKeys, HaveDefaults) {
  const Reading reading = test::read_with("");
  ASSERT_TRUE(reading.manifest) << told(reading);
  const Plugin& plugin = reading.manifest->plugins.at(0);
  EXPECT_EQ(plugin.id, "a");
  EXPECT_EQ(plugin.library, "a");
  EXPECT_EQ(plugin.version, "any");
  EXPECT_TRUE(plugin.enabled);
  EXPECT_TRUE(plugin.required);
  EXPECT_EQ(plugin.on_start_error, OnStartError::Fail);
  EXPECT_EQ(plugin.config, "{}");
  EXPECT_FALSE(plugin.log_level);
  EXPECT_FALSE(plugin.permissions.publish);
  EXPECT_EQ(plugin.restart.policy, RestartPolicy::OnFailure);
  EXPECT_EQ(plugin.restart.initial, 100ms);
  EXPECT_EQ(plugin.restart.max, 30s);
  EXPECT_EQ(plugin.restart.factor, 2);
  EXPECT_EQ(plugin.restart.max_restarts, 5U);
  EXPECT_EQ(plugin.restart.window, 30s);
  EXPECT_EQ(plugin.timeouts.start, 10s);
  EXPECT_EQ(plugin.timeouts.call, 5s);
}

TEST(PluginKeys, RefuseARestartThatNothingCouldCause) {
  const Reading reading = read_plugin(R"("restart":{"policy":"always"})");
  EXPECT_FALSE(reading.manifest);
  EXPECT_NE(told(reading).find("/restart/policy: not in this build: restarting what ended without "
                               "a failure"),
            std::string::npos)
      << told(reading);
}

TEST(PluginKeys, AreRead) {
  const Reading reading =
      read_plugin(R"("version":"1.4","sha256":")" + std::string(64, 'a') + R"(","enabled":false,
         "required":false,"on_start_error":"retry","isolation":{"mode":"in-process"},
         "permissions":{"publish":["ws.*"],"subscribe":[],"use":["bp.*","x?"],"watch":["*"]},
         "restart":{"policy":"never","initial":"1s","max":"2s","factor":1.5,"jitter":"none",
                    "max_restarts":0,"window":"1m","then":"quarantine"},
         "timeouts":{"start":"1s","call":"2s","drain":"3s","stop":"4s"},
         "log_level":"debug","config":{"port":9400})");
  ASSERT_TRUE(reading.manifest) << told(reading);
  const Plugin& plugin = reading.manifest->plugins.at(0);
  EXPECT_EQ(plugin.version, "1.4");
  EXPECT_EQ(plugin.sha256, std::string(64, 'a'));
  EXPECT_FALSE(plugin.enabled);
  EXPECT_FALSE(plugin.required);
  EXPECT_EQ(plugin.on_start_error, OnStartError::Retry);
  EXPECT_EQ(plugin.permissions.publish, Globs{"ws.*"});
  EXPECT_EQ(plugin.permissions.subscribe, Globs{});
  EXPECT_FALSE(plugin.permissions.provide);
  EXPECT_EQ(plugin.permissions.watch, Globs{"*"});
  EXPECT_EQ(plugin.restart.factor, 1.5);
  EXPECT_EQ(plugin.restart.jitter, Jitter::None);
  EXPECT_EQ(plugin.timeouts.stop, 4s);
  EXPECT_EQ(plugin.log_level, host::log::Level::Debug);
  EXPECT_EQ(plugin.config, R"({"port":9400})");
}

TEST(PluginKeys, ResolveLibrariesThatArePaths) {
  const Reading reading =
      test::read(R"({"schema":1,"plugins":{"a":{"library":"./build/a.so"},"b":{"library":"b"}}})");
  ASSERT_TRUE(reading.manifest) << told(reading);
  EXPECT_EQ(reading.manifest->plugins[0].library, "/srv/build/a.so");
  EXPECT_EQ(reading.manifest->plugins[1].library, "b");
}

TEST(PluginKeys, RefuseWhatIsNotInThisBuild) {
  EXPECT_TRUE(says(read_plugin(R"("isolation":"worker")"), "not in this build: worker isolation"));
  EXPECT_TRUE(
      says(read_plugin(R"("isolation":{"mode":"worker"})"), "/isolation/mode: not in this"));
  EXPECT_TRUE(
      says(read_plugin(R"("isolation":{"sandbox":{}})"), "/isolation/sandbox: not in this"));
  EXPECT_TRUE(says(read_plugin(R"("limits":{"memory":"1GiB"})"), "/limits: not in this build"));
  for (const char* name : {"read", "write", "net", "env", "exec"}) {
    EXPECT_TRUE(says(read_plugin(R"("permissions":{")" + std::string(name) + R"(":[]})"),
                     "not in this build: worker isolation"))
        << name;
  }
}

TEST(PluginKeys, RefuseBadValues) {
  EXPECT_TRUE(says(read_plugin(R"("version":"1.x")"), "is not a version to accept"));
  EXPECT_TRUE(says(read_plugin(R"("version":"1.2.3.4")"), "is not a version to accept"));
  EXPECT_TRUE(says(read_plugin(R"("version":"1.")"), "is not a version to accept"));
  EXPECT_TRUE(says(read_plugin(R"("sha256":"ABC")"), "is not a SHA-256"));
  EXPECT_TRUE(says(read_plugin(R"("permissions":{"publish":["a b"]})"),
                   "/plugins/a/permissions/publish/0: \"a b\" is not a pattern"));
  EXPECT_TRUE(says(read_plugin(R"("config":[])"), "an object is expected here, not an array"));
  EXPECT_TRUE(says(read_plugin(R"("config":null)"), "an object is expected here, not null"));
  EXPECT_TRUE(says(read_plugin(R"("isolation":{"mod":1})"), "did you mean \"mode\"?"));
  EXPECT_TRUE(says(read_plugin(R"("librarry":"x")"), "did you mean \"library\"?"));
  EXPECT_TRUE(says(test::read(R"({"schema":1,"plugins":{"a":{"library":""}}})"), "not a library"));
  EXPECT_TRUE(says(test::read(R"({"schema":1,"plugins":{"a":{}}})"), "\"library\" is missing"));
  EXPECT_TRUE(says(test::read(R"({"schema":1,"plugins":{"A":{"library":"a"}}})"),
                   "\"A\" is not a plugin id"));
}

}  // namespace
