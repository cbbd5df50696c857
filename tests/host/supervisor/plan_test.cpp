// tests/host/supervisor/plan_test.cpp - manifests against real plugin files, of which no code runs.
#include "host/supervisor/plan.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/host/manifest/reading.hpp"

namespace host::supervisor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view crypto =
    R"("crypto":{"library":"crypto_sodium","config":{"key":{"file":"k","create":true}}})";
constexpr std::string_view storage =
    R"("storage":{"library":"storage_sqlite","config":{"path":"events.db"}})";
constexpr std::string_view ws = R"("ws":{"library":"transport_ws"})";

std::string bad(const std::string& id, const std::string& file, const std::string& more = "") {
  return "\"" + id + R"(":{"library":")" + BAD_PLUGINS_DIR + "/" + file + ".so\"" + more + "}";
}

Plan plan_of(std::vector<std::string> plugins, const std::string& wires = "[]") {
  std::string list;
  for (const std::string& plugin : plugins) {
    list += (list.empty() ? "" : ",") + plugin;
  }
  manifest::Environment environment = test::environment();
  environment.plugin_path = PLUGINS_DIR;
  const manifest::Reading reading =
      manifest::read_text(R"({"schema":1,"plugins":{)" + list + R"(},"wires":)" + wires + "}",
                          "/srv/plugins.json", environment);
  EXPECT_TRUE(reading.manifest) << test::told(reading);
  return make_plan(reading.manifest.value_or(manifest::Manifest{}), "plugins.json");
}

std::vector<std::string> told(const std::vector<manifest::Problem>& problems) {
  std::vector<std::string> lines;
  for (const manifest::Problem& problem : problems) {
    lines.push_back(problem.pointer + " " + error::status_name(problem.code) + " " +
                    problem.message);
  }
  return lines;
}

std::vector<std::string> order(const Plan& plan) {
  std::vector<std::string> ids;
  for (const Planned& planned : plan.plugins) {
    ids.push_back(planned.entry.id);
  }
  return ids;
}

TEST(Plan, StartsWhatAWireRunsThroughBeforeWhoFeedsIt) {
  const Plan plan = plan_of({std::string(ws), std::string(storage), std::string(crypto)},
                            R"([{"from":"events","steps":[
          {"call":"bp.crypto.aead/1.Encrypt","map":{"plaintext":"/data"},"out":"sealed"},
          {"call":"bp.storage.records/1.Insert",
           "map":{"id":"/id","data":"$sealed/ciphertext"}}]}])");
  EXPECT_THAT(told(plan.problems), IsEmpty());
  EXPECT_THAT(told(plan.refusals("f", false)), IsEmpty());
  EXPECT_THAT(order(plan), ElementsAre("storage", "crypto", "ws"));
  ASSERT_EQ(plan.wires.size(), 1U);
  EXPECT_EQ(plan.wires[0].from.kind, BP_KIND_BROADCAST);
  EXPECT_EQ(plan.wires[0].from.type, "json");
  ASSERT_EQ(plan.wires[0].step_schemas.size(), 2U);
  EXPECT_EQ(plan.wires[0].step_schemas[1]->service_name(), "bp.storage.records");
}

TEST(Plan, FillsInTheDefaultsOfThePluginsSchema) {
  const Plan plan = plan_of({std::string(ws)});
  ASSERT_EQ(plan.plugins.size(), 1U);
  EXPECT_THAT(plan.plugins[0].config, HasSubstr(R"("listen":"127.0.0.1:9400")"));
}

TEST(Plan, GrantsWhatThePluginAsksForUnlessTheManifestSays) {
  const auto granted = [](const std::string& more) {
    return plan_of({R"("ws":{"library":"transport_ws")" + more + "}"}).plugins.at(0).permissions;
  };
  EXPECT_THAT(granted("").publish,
              ElementsAre("events", "ws.client.*", "ws.events", "ws.in.*", "*"));
  EXPECT_THAT(granted("").use, ElementsAre("bp.metrics.export", "bp.transport.auth", "*"));
  const slot::Permissions less = granted(R"(,"permissions":{"publish":["events"],"use":[]})");
  EXPECT_THAT(less.publish, ElementsAre("events"));
  EXPECT_THAT(less.use, IsEmpty());
  EXPECT_THAT(less.provide,
              ElementsAre("bp.transport.ws", "bp.transport.client", "bp.transport.http"));
  EXPECT_THAT(less.watch, IsEmpty());
  EXPECT_THAT(granted(R"(,"permissions":{"watch":["bp.*"]})").watch, ElementsAre("bp.*"));
}

TEST(Plan, TellsWhatTheConfigurationLacks) {
  const Plan plan = plan_of({R"("ws":{"library":"transport_ws","config":{"listen":"127.0.0.1:99999",
                                     "io_threads":0}})"});
  EXPECT_THAT(
      told(plan.problems),
      ElementsAre("/plugins/ws/config/io_threads CONFIG must be at least 1",
                  HasSubstr("/plugins/ws/config/listen CONFIG the port must be 0 to 65535")));
}

TEST(Plan, RefusesAFileThatIsNoPluginAtThePlaceOfItsLibrary) {
  const Plan plan =
      plan_of({bad("a", "bad_layout"), R"("b":{"library":"storge_sqlite"})",
               bad("c", "good_minimal", R"(,"version":"7")"),
               bad("d", "good_minimal", R"(,"sha256":")" + std::string(64, '0') + "\"")});
  EXPECT_THAT(told(plan.problems), IsEmpty());
  EXPECT_THAT(
      told(plan.refusals("f", false)),
      ElementsAre(HasSubstr("law.layout"),
                  HasSubstr("no plugin library 'storge_sqlite'; did you mean 'storage_sqlite'?"),
                  HasSubstr("the manifest wants 7"), HasSubstr("file.sha256")));
  EXPECT_THAT(told(plan.refusals("f", false))[0], HasSubstr("/plugins/a/library ABI "));
  EXPECT_THAT(told(plan.refusals("f", false))[3], HasSubstr("/plugins/d/library PERMISSION "));
}

TEST(Plan, KnowsWhichRefusalsEndTheHost) {
  const Plan plan =
      plan_of({bad("a", "bad_layout", R"(,"required":false)"),
               bad("b", "bad_layout", R"(,"on_start_error":"disable")"), bad("c", "bad_layout")});
  EXPECT_EQ(plan.refusals("f", false).size(), 3U);
  EXPECT_THAT(told(plan.refusals("f", true)), ElementsAre(HasSubstr("/plugins/c/library")));
}

TEST(Plan, PassesWarningsOnWithTheirPlace) {
  EXPECT_THAT(told(plan_of({bad("a", "bad_rpath")}).warnings),
              ElementsAre(HasSubstr("/plugins/a/library ABI has the search path")));
}

TEST(Plan, LeavesOutWhatIsNotEnabled) {
  EXPECT_THAT(order(plan_of({bad("a", "bad_layout", R"(,"enabled":false)"), std::string(ws)})),
              ElementsAre("ws"));
}

TEST(Plan, AServiceHasOneProvider) {
  const Plan plan = plan_of({std::string(ws), R"("ws2":{"library":"transport_ws"})"});
  EXPECT_THAT(told(plan.problems),
              ElementsAre("/plugins/ws2 CONFIG service 'bp.transport.ws/1' is provided by 'ws' and "
                          "by 'ws2'; fix: disable one of them",
                          HasSubstr("service 'bp.transport.client/1' is provided by 'ws' and"),
                          HasSubstr("service 'bp.transport.http/1' is provided by 'ws' and")));
}

TEST(Plan, TellsACircleOnceAndAPluginThatWaitsForItselfNever) {
  EXPECT_THAT(told(plan_of({bad("a", "good_minimal", R"(,"after":["b"])"),
                            bad("b", "good_minimal", R"(,"after":["a"])")})
                       .problems),
              ElementsAre(HasSubstr("/plugins CONFIG plugins wait for each other in a circle")));
  // The manifest's reader refuses it; what it could read is planned all the same.
  manifest::Plugin self;
  self.id = "a";
  self.library = BAD_PLUGINS_DIR "/good_minimal.so";
  self.after = {"a"};
  manifest::Manifest draft;
  draft.plugins = {self};
  EXPECT_THAT(told(make_plan(draft, "f").problems), IsEmpty());
}

TEST(Plan, AWiresFindingsAreProblemsOnlyWhenEveryPluginIsKnown) {
  const std::string wires =
      R"([{"from":"events","steps":[{"call":"bp.storage.records/1.Insrt"}]}])";
  EXPECT_THAT(told(plan_of({std::string(ws), std::string(storage)}, wires).problems),
              ElementsAre(HasSubstr("/wires/0/steps/0/call CONFIG ")));
  const Plan plan = plan_of({std::string(ws), bad("storage", "bad_layout")}, wires);
  EXPECT_THAT(told(plan.problems), IsEmpty());
  EXPECT_THAT(told(plan.warnings), ElementsAre(HasSubstr("/wires/0/steps/0/call CONFIG ")));
}

}  // namespace
}  // namespace host::supervisor
