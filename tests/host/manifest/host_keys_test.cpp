// tests/host/manifest/host_keys_test.cpp - host, admin, log and secrets.
#include <gtest/gtest.h>

#include "tests/host/manifest/reading.hpp"

namespace {

using namespace std::chrono_literals;
using test::read_with;
using test::told;

TEST(HostKeys, HaveDefaults) {
  const auto reading = read_with("");
  ASSERT_TRUE(reading.manifest) << told(reading);
  const auto& host = reading.manifest->host;
  EXPECT_EQ(host.name, "machine");
  EXPECT_EQ(host.data_dir, "/srv/var");
  EXPECT_EQ(host.runtime_dir, "/srv/run");
  EXPECT_EQ(host.plugin_path, "/opt/plugins");
  EXPECT_EQ(host.workers, 3U);
  EXPECT_EQ(host.blocking_threads, 16U);
  EXPECT_EQ(host.startup_timeout, 30s);
  EXPECT_EQ(host.shutdown_grace, 20s);
  EXPECT_EQ(reading.manifest->admin.socket.path, "/srv/run/admin.sock");
  EXPECT_EQ(reading.manifest->admin.socket.mode, "0660");
  EXPECT_EQ(reading.manifest->log.level, host::log::Level::Info);
  EXPECT_EQ(reading.manifest->log.format, "auto");
  EXPECT_EQ(reading.manifest->log.sink, "stderr");
  EXPECT_EQ(reading.manifest->log.rate_limit, 10s);
}

TEST(HostKeys, AreRead) {
  const auto reading = read_with(
      R"("host":{"name":"edge-1","data_dir":"d","runtime_dir":"/r","plugin_path":"p","workers":2,
                 "blocking_threads":4,"startup_timeout":"1m","shutdown_grace":"3s"},
         "admin":{"unix":{"path":"x.sock","mode":"0600"},"tcp":{"enabled":false},"ui":false},
         "log":{"level":"warn","format":"json","sink":"logs/a.log","rate_limit":"0s"},
         "metrics":{"series_per_family":10,"series_total":20,"expire_after":"1h"})");
  ASSERT_TRUE(reading.manifest) << told(reading);
  const auto& manifest = *reading.manifest;
  EXPECT_EQ(manifest.host.name, "edge-1");
  EXPECT_EQ(manifest.host.data_dir, "/srv/d");
  EXPECT_EQ(manifest.host.plugin_path, "/srv/p");
  EXPECT_EQ(manifest.host.workers, 2U);
  EXPECT_EQ(manifest.admin.socket.path, "/srv/x.sock");
  EXPECT_EQ(manifest.admin.socket.mode, "0600");
  EXPECT_EQ(manifest.log.level, host::log::Level::Warn);
  EXPECT_EQ(manifest.log.sink, "/srv/logs/a.log");
  EXPECT_EQ(manifest.log.rate_limit, 0s);
  EXPECT_EQ(manifest.metrics.series_per_family, 10U);
  EXPECT_EQ(manifest.metrics.series_total, 20U);
  EXPECT_EQ(manifest.metrics.expire_after, 1h);
}

TEST(HostKeys, FollowTheRuntimeFolder) {
  const auto reading = read_with(R"("host":{"runtime_dir":"/run/backplane"})");
  ASSERT_TRUE(reading.manifest);
  EXPECT_EQ(reading.manifest->admin.socket.path, "/run/backplane/admin.sock");
}

TEST(HostKeys, RefuseWhatIsNotInThisBuild) {
  const auto reading =
      read_with(R"("host":{"reload":{"watch":true}},"admin":{"tcp":{"enabled":true,)"
                R"("listen":"127.0.0.1:1"},"ui":true})");
  EXPECT_FALSE(reading.manifest);
  EXPECT_EQ(
      told(reading),
      "1:53 /host/reload: not in this build: reloading the manifest while running; remove it\n"
      "1:94 /admin/tcp/enabled: not in this build: the admin server on TCP; remove it or set "
      "it to false\n"
      "1:109 /admin/tcp/listen: not in this build: the admin server on TCP; remove it\n"
      "1:133 /admin/ui: not in this build: the admin page; remove it or set it to false\n");
}

TEST(HostKeys, RefuseBadValues) {
  const auto reading =
      read_with(R"("host":{"name":"two words","workers":0},"admin":{"unix":{"mode":"660"}},)"
                R"("log":{"level":"wran","sink":"sdterr"})");
  const std::string problems = told(reading);
  EXPECT_NE(problems.find("/host/name: \"two words\" is not a host name"), std::string::npos);
  EXPECT_NE(problems.find("/host/workers: 0 is not a whole number from 1 to 1024"),
            std::string::npos);
  EXPECT_NE(problems.find("/admin/unix/mode: \"660\" is not a file mode"), std::string::npos);
  EXPECT_NE(problems.find("/log/level: unknown value \"wran\"; did you mean \"warn\"?"),
            std::string::npos);
  EXPECT_NE(problems.find("/log/sink: \"sdterr\" is neither a stream nor a path with a /; did you "
                          "mean \"stderr\"?"),
            std::string::npos);
  EXPECT_EQ(reading.problems.size(), 5U);
}

TEST(HostKeys, RefuseSecretsByCommand) {
  const auto reading = read_with(R"("secrets":{"a":{"command":"pass"},"b":{"credential":"../x"}})");
  const std::string problems = told(reading);
  EXPECT_NE(problems.find("/secrets/a/command: not in this build"), std::string::npos);
  EXPECT_NE(problems.find("/secrets/b/credential: \"../x\" is not the name"), std::string::npos);
  EXPECT_EQ(reading.problems.size(), 2U);
}

}  // namespace
