// tests/plugins/storage_sqlite/settings_test.cpp - keys, defaults and refusals of the
// configuration.
#include "settings.hpp"

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "scratch.hpp"

namespace storage_sqlite {
namespace {

using testing::fails_with;
using testing::must;

store::Settings read(const std::string& json) {
  return must(store_settings(must(bp::config_from_json<Settings>(json)), "/data"));
}

TEST(Settings, DefaultsAreThoseOfTheEngine) {
  const store::Settings settings = read("{}");
  const store::Settings engine;
  EXPECT_EQ(settings.path, "/data/events.db");
  EXPECT_EQ(settings.connection.busy_timeout_ms, engine.connection.busy_timeout_ms);
  EXPECT_EQ(settings.connection.cache_size_kib, engine.connection.cache_size_kib);
  EXPECT_EQ(settings.connection.mmap_bytes, engine.connection.mmap_bytes);
  EXPECT_EQ(settings.connection.statements_max, engine.connection.statements_max);
  EXPECT_EQ(settings.readers.readers_max, engine.readers.readers_max);
  EXPECT_EQ(settings.readers.idle_min, engine.readers.idle_min);
  EXPECT_EQ(settings.readers.idle_time_max, engine.readers.idle_time_max);
  EXPECT_EQ(settings.readers.checkout_timeout, engine.readers.checkout_timeout);
  EXPECT_EQ(settings.writer.queue_jobs_max, engine.writer.queue_jobs_max);
  EXPECT_EQ(settings.writer.queue_bytes_max, engine.writer.queue_bytes_max);
  EXPECT_EQ(settings.writer.group_rows_max, engine.writer.group_rows_max);
  EXPECT_EQ(settings.writer.group_time_max, engine.writer.group_time_max);
}

TEST(Settings, EveryKeyOfTheManifestIsReadAndItsDefaultIsOurs) {
  // The schema's defaults are what the host fills in, so they must change nothing.
  std::ifstream file(PLUGIN_MANIFEST);
  const std::string manifest((std::istreambuf_iterator<char>(file)), {});
  ASSERT_FALSE(manifest.empty());
  const store::Settings settings = read(R"({"path":"events.db","durability":"os",
    "busy_timeout":"5s","cache_size":"20MiB","mmap_size":"256MiB","statements_max":128,
    "readers_max":8,"readers_idle_min":2,"readers_idle_time":"10m","checkout_timeout":"10s",
    "queue_jobs_max":4096,"queue_bytes_max":"64MiB","group_rows_max":2048,
    "group_time_max":"50ms",
    "migrations":{"when":"at_start","folder":""},
    "sql":{"tables":["{caller}$*"],"readable":[],"deadline":"5s","write_deadline":"1s"},
    "wal":{"size_max":"64MiB","reader_age_max":"30s"},"backup":{"folder":"backups"}})");
  EXPECT_EQ(settings.sql.tables, store::Settings().sql.tables);
  EXPECT_TRUE(settings.migrate_at_start);
  EXPECT_EQ(settings.writer.queue_bytes_max, store::Settings().writer.queue_bytes_max);
  EXPECT_EQ(settings.readers.idle_time_max, store::Settings().readers.idle_time_max);
  for (const char* pair :
       {R"("default": "20MiB")", R"("default": "256MiB")", R"("default": 128)",
        R"("default": "10m")", R"("default": "64MiB")", R"("default": 2048)",
        R"("default": "50ms")", R"("default": 4096)", R"("default": "events.db")"}) {
    EXPECT_NE(manifest.find(pair), std::string::npos) << pair;
  }
}

TEST(Settings, TakesOtherValues) {
  const store::Settings settings = read(R"({"path":"/srv/a.db","cache_size":1048576,"mmap_size":0,
    "checkout_timeout":"250ms","group_time_max":"1500us","readers_max":3})");
  EXPECT_EQ(settings.path, "/srv/a.db");
  EXPECT_EQ(settings.connection.cache_size_kib, 1024);
  EXPECT_EQ(settings.connection.mmap_bytes, 0);
  EXPECT_EQ(settings.readers.checkout_timeout, std::chrono::milliseconds(250));
  EXPECT_EQ(settings.writer.group_time_max, std::chrono::microseconds(1500));
  EXPECT_EQ(settings.readers.readers_max, 3U);
  const store::Settings parts = read(R"({"sql":{"tables":["shop_*"],"readable":["records"]},
    "migrations":{"when":"by_hand","folder":"sql"}})");
  EXPECT_EQ(parts.sql.tables, (std::vector<std::string>{"shop_*"}));
  EXPECT_EQ(parts.sql.readable, (std::vector<std::string>{"records"}));
  EXPECT_FALSE(parts.migrate_at_start);
  EXPECT_EQ(parts.migrations_folder, "/data/sql");
  EXPECT_EQ(backup_folder({}, "/data"), "/data/backups");
  EXPECT_EQ(backup_folder({.backup = {.folder = "/srv/b"}}, "/data"), "/srv/b");
}

TEST(Settings, RefusesWhatCannotWorkByName) {
  for (const auto& [json, key] :
       {std::pair{R"({"path":""})", "`path`"}, std::pair{R"({"readers_max":0})", "`readers_max`"},
        std::pair{R"({"readers_max":65})", "1 to 64"},
        std::pair{R"({"busy_timeout":"2h"})", "`busy_timeout`"},
        std::pair{R"({"checkout_timeout":"61m"})", "0s to 1h"},
        std::pair{R"({"queue_jobs_max":0})", "`queue_jobs_max`"},
        std::pair{R"({"queue_bytes_max":0})", "`queue_bytes_max`"},
        std::pair{R"({"group_rows_max":0})", "`group_rows_max`"},
        std::pair{R"({"sql":{"deadline":"2h"}})", "`sql.deadline`"},
        std::pair{R"({"sql":{"write_deadline":"2h"}})", "`sql.write_deadline`"},
        std::pair{R"({"wal":{"size_max":0}})", "`wal.size_max`"},
        std::pair{R"({"wal":{"reader_age_max":"2h"}})", "`wal.reader_age_max`"},
        std::pair{R"({"backup":{"folder":""}})", "`backup.folder`"},
        std::pair{R"({"cache_size":0})", "`cache_size`"}}) {
    const Settings settings = must(bp::config_from_json<Settings>(json));
    EXPECT_TRUE(fails_with(store_settings(settings, "/data"), BP_E_CONFIG, key)) << json;
  }
  EXPECT_FALSE(bp::config_from_json<Settings>(R"({"durability":"maybe"})"));
  EXPECT_FALSE(bp::config_from_json<Settings>(R"({"migrations":{"when":"never"}})"));
  EXPECT_FALSE(bp::config_from_json<Settings>(R"({"unknown":1})"));
}

TEST(KvSettings, EveryKeyOfTheManifestIsReadAndItsDefaultIsOurs) {
  std::ifstream file(PLUGIN_MANIFEST);
  const std::string manifest((std::istreambuf_iterator<char>(file)), {});
  const Settings given = must(bp::config_from_json<Settings>(R"({"namespaces":{},
    "changes_kept":10000,"outbox_messages_max":100000,"collect_interval":"1s",
    "collect_keys_max":500})"));
  EXPECT_EQ(given.kv.changes_kept, KvSettings().changes_kept);
  EXPECT_EQ(given.kv.outbox_messages_max, KvSettings().outbox_messages_max);
  EXPECT_EQ(given.kv.collect_interval, KvSettings().collect_interval);
  EXPECT_EQ(given.kv.collect_keys_max, KvSettings().collect_keys_max);
  for (const char* pair : {R"("default": 10000)", R"("default": 100000)", R"("default": "1s")",
                           R"("default": 500)", R"("default": {})"}) {
    EXPECT_NE(manifest.find(pair), std::string::npos) << pair;
  }
  const Settings other = must(
      bp::config_from_json<Settings>(R"({"namespaces":{"n":{"read":["a"]}},"changes_kept":1})"));
  EXPECT_TRUE(store_settings(other, "/data"));
  EXPECT_EQ(other.kv.namespaces.at("n").read, std::vector<std::string>{"a"});
}

TEST(KvSettings, RefusesWhatCannotWorkByName) {
  for (const auto& [json, key] :
       {std::pair{R"({"changes_kept":10000001})", "`changes_kept`"},
        std::pair{R"({"changes_kept":0})", "`changes_kept`"},
        std::pair{R"({"outbox_messages_max":0})", "`outbox_messages_max`"},
        std::pair{R"({"collect_keys_max":10001})", "`collect_keys_max`"},
        std::pair{R"({"collect_interval":"0s"})", "`collect_interval`"},
        std::pair{R"({"collect_interval":"2h"})", "`collect_interval`"},
        std::pair{R"({"namespaces":{"a/b":{}}})", "'a/b'"}}) {
    const Settings settings = must(bp::config_from_json<Settings>(json));
    EXPECT_TRUE(fails_with(store_settings(settings, "/data"), BP_E_CONFIG, key)) << json;
  }
  EXPECT_FALSE(bp::config_from_json<Settings>(R"({"namespaces":{"n":{"delete":["a"]}}})"));
}

}  // namespace
}  // namespace storage_sqlite
