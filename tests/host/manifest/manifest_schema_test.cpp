// tests/host/manifest/manifest_schema_test.cpp - a printed manifest reads back; the schema fits it.
#include "host/manifest/manifest_schema.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "host/manifest/config_schema.hpp"
#include "tests/host/manifest/reading.hpp"

namespace {

using namespace host::manifest;
using test::told;

template <typename X>
X one_of(std::initializer_list<X> values) {
  return *rc::gen::elementOf(std::vector<X>(values));
}

Duration any_wait() {
  return Duration(*rc::gen::inRange<std::int64_t>(1'000'000, 60'000'000'000));
}

template <typename X>
std::optional<X> perhaps(X value) {
  return *rc::gen::arbitrary<bool>() ? std::optional(std::move(value)) : std::nullopt;
}

std::string any_name() {
  return *rc::gen::nonEmpty(rc::gen::resize(
      12, rc::gen::container<std::string>(rc::gen::elementOf(std::string("abcxyz019")))));
}

// Texts with everything that must be escaped somewhere.
std::string any_text() {
  return *rc::gen::container<std::string>(rc::gen::elementOf(std::string("a/~$${}\"\\\n .*")));
}

Globs any_globs() {
  return *rc::gen::container<Globs>(
      rc::gen::elementOf(std::vector<std::string>{"*", "ws.*", "a?c", "bp.storage.records"}));
}

Plugin any_plugin(std::string id) {
  Plugin plugin;
  plugin.id = std::move(id);
  plugin.library = one_of<std::string>({"lib", "/opt/x.so"});
  plugin.version = one_of<std::string>({"any", "1", "1.2", "1.2.3"});
  plugin.sha256 = perhaps(std::string(64, 'c'));
  plugin.enabled = *rc::gen::arbitrary<bool>();
  plugin.required = *rc::gen::arbitrary<bool>();
  plugin.on_start_error = one_of({OnStartError::Fail, OnStartError::Retry, OnStartError::Disable});
  plugin.log_level = perhaps(one_of({host::log::Level::Trace, host::log::Level::Off}));
  plugin.permissions = {perhaps(any_globs()), perhaps(any_globs()), perhaps(any_globs()),
                        perhaps(any_globs()), perhaps(any_globs())};
  plugin.restart.policy = one_of({RestartPolicy::Never, RestartPolicy::OnFailure});
  plugin.restart.initial = any_wait();
  plugin.restart.max = plugin.restart.initial + any_wait();
  plugin.restart.factor = 1 + *rc::gen::inRange(0, 900) / 16.0;
  plugin.restart.jitter = one_of({Jitter::None, Jitter::Full});
  plugin.restart.max_restarts = *rc::gen::inRange<std::uint32_t>(0, 1'000);
  plugin.restart.window = any_wait();
  plugin.timeouts = {any_wait(), any_wait(), any_wait(), any_wait()};
  plugin.config_source.set(any_text(), json_string(any_text()));
  plugin.config_source.set("deep", json_array()).push(json_double(0.1));
  plugin.config = compact(plugin.config_source);
  return plugin;
}

Channel any_channel(std::string name) {
  return {.name = name,
          .capacity = perhaps(*rc::gen::inRange<std::uint32_t>(1, 1'000'000)),
          .on_full = perhaps(
              one_of({OnFull::Block, OnFull::Reject, OnFull::DropNewest, OnFull::DropOldest})),
          .block_timeout = perhaps(any_wait()),
          .delivery = perhaps(Delivery::Queued),
          .max_bytes = perhaps(*rc::gen::inRange<std::uint64_t>(1, 1'000'000'000)),
          .dead_letter = perhaps(name + ".dead"),
          .retry = perhaps(*rc::gen::inRange<std::uint32_t>(1, 1'000)),
          .groups = *rc::gen::arbitrary<bool>() ? std::vector<std::string>{"", name}
                                                : std::vector<std::string>{}};
}

Wire any_wire() {
  Wire wire{.from = any_name(), .steps = {}};
  Step first{.service = "bp.crypto.aead", .major = 1, .method = "Encrypt", .map = {}, .out = "o"};
  first.map.push_back({"a", {SourceKind::Message, "", '/' + pointer_token(any_text()), {}}});
  first.map.push_back({"b", {SourceKind::Literal, "", "", json_string(any_text())}});
  Step second{.service = any_name(), .major = 7, .method = "M", .map = {}, .out = ""};
  second.map.push_back({"c", {SourceKind::Step, "o", "/x", {}}});
  wire.steps = {first, second};
  return wire;
}

Manifest any_manifest() {
  Manifest manifest;
  manifest.host = {.name = any_name(),
                   .data_dir = "/d",
                   .runtime_dir = "/r/${x}",
                   .plugin_path = "/p",
                   .workers = *rc::gen::inRange<std::uint32_t>(1, 1'024),
                   .blocking_threads = *rc::gen::inRange<std::uint32_t>(1, 1'024),
                   .startup_timeout = any_wait(),
                   .shutdown_grace = any_wait()};
  manifest.admin.socket = {.path = "/s.sock", .mode = "0600"};
  manifest.log = {.level = one_of({host::log::Level::Warn, host::log::Level::Debug}),
                  .format = one_of<std::string>({"auto", "json", "text"}),
                  .sink = one_of<std::string>({"stderr", "stdout", "/l.log"}),
                  .rate_limit = any_wait()};
  manifest.metrics = {.series_per_family = *rc::gen::inRange<std::uint32_t>(1, 100'000),
                      .series_total = *rc::gen::inRange<std::uint32_t>(1, 1'000'000),
                      .expire_after = any_wait()};
  manifest.secrets = {{"s", "/run/secret", std::nullopt}, {"t", std::nullopt, "name"}};
  manifest.plugins = {any_plugin("a"), any_plugin("b"), any_plugin("c")};
  manifest.plugins[1].enabled = true;
  manifest.plugins[0].after = {"b"};
  manifest.channels = {any_channel("one"), any_channel("two")};
  manifest.wires = {any_wire()};
  return manifest;
}

RC_GTEST_PROP(ManifestSchema, APrintedManifestReadsBackToTheSameValues, ()) {
  const Manifest manifest = any_manifest();
  const std::string printed = print_effective(manifest);
  const Reading reading = test::read(printed);
  if (!reading.manifest) {
    RC_FAIL(told(reading) + printed);
  }
  RC_ASSERT(*reading.manifest == manifest);
  RC_ASSERT(print_effective(*reading.manifest) == printed);
}

TEST(ManifestSchema, FitsAPrintedManifest) {
  const Reading reading = test::read(
      R"({"schema":1,"secrets":{"s":{"file":"x"}},"plugins":{"a":{"library":"a","permissions":)"
      R"({"use":["bp.*"]}}},
          "channels":{"c":{"max_bytes":"1MiB","delivery":"queued"}},
          "wires":[{"from":"c","steps":[{"call":"a.b/1.M","map":{"x":"/y","z":{"value":null}},)"
      R"("out":"o"},
                                        {"call":"a.b/1.M","map":{"x":"$o/y"}}]}]})");
  ASSERT_TRUE(reading.manifest) << told(reading);
  const auto findings = validate_config(manifest_json_schema(), print_effective(*reading.manifest));
  ASSERT_TRUE(findings) << findings.error().text();
  for (const ConfigFinding& finding : *findings) {
    ADD_FAILURE() << finding.pointer << ": " << finding.message;
  }
}

TEST(ManifestSchema, RefusesWhatTheReaderRefuses) {
  const std::string schema = manifest_json_schema();
  for (const char* text : {
           R"({"plugins":{}})",
           R"({"schema":2,"plugins":{}})",
           R"({"schema":1,"plugins":{"A":{"library":"a"}}})",
           R"({"schema":1,"plugins":{"a":{}}})",
           R"({"schema":1,"plugins":{},"host":{"reload":{}}})",
           R"({"schema":1,"plugins":{},"admin":{"ui":true}})",
           R"({"schema":1,"plugins":{},"log":{"level":"loud"}})",
           R"({"schema":1,"plugins":{},"channels":{"c":{"delivery":"durable"}}})",
           R"({"schema":1,"plugins":{},"wires":[{"from":"c","steps":[]}]})",
           R"({"schema":1,"plugins":{},"unknown":1})",
       }) {
    EXPECT_FALSE(test::read(text).manifest) << text;
    const auto findings = validate_config(schema, text);
    ASSERT_TRUE(findings);
    EXPECT_FALSE(findings->empty()) << text;
  }
}

TEST(ManifestSchema, DescribesKeysAndDefaults) {
  const std::string schema = manifest_json_schema();
  EXPECT_NE(schema.find("http://json-schema.org/draft-07/schema#"), std::string::npos);
  EXPECT_NE(schema.find("\"description\": \"drain on SIGTERM\""), std::string::npos);
  EXPECT_NE(schema.find("\"default\": \"20s\""), std::string::npos);
}

TEST(ManifestSchema, HidesWhatAPluginMarksAsSensitive) {
  const Reading reading = test::read_plugin(R"("config":{"password":"hunter2","port":1})");
  ASSERT_TRUE(reading.manifest);
  const std::string printed = print_effective(*reading.manifest, [](const Plugin&) {
    return std::optional<std::string>(R"({"properties":{"password":{"sensitive":true}}})");
  });
  EXPECT_EQ(printed.find("hunter2"), std::string::npos);
  EXPECT_NE(printed.find("\"password\": \"***\""), std::string::npos);
  EXPECT_NE(printed.find("\"port\": 1"), std::string::npos);
}

}  // namespace
