// tests/host/manifest/manifest_test.cpp - whole manifests: five mistakes at once, places, hostile
// text.
#include "host/manifest/manifest.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/host/manifest/reading.hpp"

namespace {

using namespace host::manifest;
using test::read;
using test::told;

TEST(Manifest, TellsFiveDifferentMistakesAtOnceWithTheirPlaces) {
  const Reading reading = read(R"({
  "schema": 1,
  "host": { "wrokers": 4 },
  // a duration without a unit
  "log": { "rate_limit": 10 },
  "plugins": {
    "ws": { "library": "transport_ws", "after": ["storage"] },
    "ws": { "library": "twice" },
    "crypto": { "library": "crypto_sodium", "isolation": "worker" },
  },
})");
  EXPECT_FALSE(reading.manifest);
  EXPECT_EQ(told(reading),
            "3:13 /host/wrokers: unknown key \"wrokers\"; did you mean \"workers\"?\n"
            "5:26 /log/rate_limit: 10 is not a duration; write a whole number and a unit (ns, us, "
            "ms, s, m, h): \"250ms\", \"30s\", \"5m\"\n"
            "7:50 /plugins/ws/after/0: there is no plugin \"storage\"; known: \"crypto\"\n"
            "8:5 /plugins/ws: duplicate key \"ws\", first given at line 7, column 5; keep one of "
            "the two\n"
            "9:45 /plugins/crypto/isolation: not in this build: worker isolation; choose another "
            "value or remove the key\n");
  EXPECT_EQ(reading.problems[0].file, "/srv/plugins.json");
}

TEST(Manifest, KeepsPluginsInFileOrder) {
  const Reading reading = read(
      R"({"schema":1,"plugins":{"z":{"library":"z"},"a":{"library":"a"},"m":{"library":"m"}}})");
  ASSERT_TRUE(reading.manifest);
  std::string order;
  for (const Plugin& plugin : reading.manifest->plugins) {
    order += plugin.id;
  }
  EXPECT_EQ(order, "zam");
  EXPECT_EQ(reading.manifest->plugin("m")->library, "m");
  EXPECT_EQ(reading.manifest->plugin("q"), nullptr);
}

TEST(Manifest, LocatesConfigurationValues) {
  const Reading reading = read(
      "{\"schema\":1,\"plugins\":{\n\"a\":{\"library\":\"a\",\"config\":{\n  \"tls\": { \"port\": "
      "1 }}},\n"
      "\"b\":{\"library\":\"b\"}}}");
  ASSERT_TRUE(reading.manifest) << told(reading);
  const Manifest& manifest = *reading.manifest;
  EXPECT_EQ(manifest.locate("a", "/tls/port")->line, 3);
  EXPECT_EQ(manifest.locate("a", "/tls/port")->column, 20);
  EXPECT_EQ(manifest.locate("a", "/tls/missing")->column, 10);
  EXPECT_EQ(manifest.locate("a", "")->line, 2);
  EXPECT_EQ(manifest.locate("b", "/x")->line, 4);
  EXPECT_FALSE(manifest.locate("c", ""));
  EXPECT_EQ(manifest.config_problem("a", "/tls/port", "too low").text(),
            "/srv/plugins.json:3:20: /plugins/a/config/tls/port: too low");
}

TEST(Manifest, SaysWhenTheFileIsMissing) {
  const Reading reading = read_file("/nonexistent/plugins.json", test::environment());
  EXPECT_TRUE(reading.missing);
  ASSERT_EQ(reading.problems.size(), 1U);
  EXPECT_EQ(reading.problems[0].message, "there is no file /nonexistent/plugins.json");
  EXPECT_FALSE(read("[").missing);
}

TEST(Manifest, SurvivesHostileText) {
  for (const std::string& text :
       {std::string(2'000'000, '['), std::string("\xFF\xFE\x00\x01", 4), std::string(1, '\0'),
        std::string(5'000'000, 'a'), std::string(), std::string("[]"), std::string("null"),
        std::string("{\"schema\":1,\"plugins\":{\"\xC3\x28\":{}}}")}) {
    const Reading reading = read(text);
    EXPECT_FALSE(reading.manifest);
    EXPECT_FALSE(reading.problems.empty());
  }
  const test::Folder folder;
  EXPECT_FALSE(read_file(folder.write("big.json", std::string(5'000'000, ' ')), test::environment())
                   .problems.empty());
}

TEST(Manifest, ComparesVersions) {
  EXPECT_TRUE(version_accepts("any", "0.1.0"));
  EXPECT_TRUE(version_accepts("1", "1.4.2"));
  EXPECT_TRUE(version_accepts("1.4", "1.4.2"));
  EXPECT_TRUE(version_accepts("1.4.2", "1.4.2"));
  EXPECT_FALSE(version_accepts("1", "10.0.0"));
  EXPECT_FALSE(version_accepts("1.4", "1.40.0"));
  EXPECT_FALSE(version_accepts("1.4.2", "1.4"));
}

// Any text cut out of, or put into, a good manifest is either good or told, never a crash.
RC_GTEST_PROP(Manifest, SurvivesDamage, ()) {
  std::string text =
      R"({"schema":1,"env":{"allow":["A"]},"secrets":{"s":{"file":"s"}},"plugins":{"a":)"
      R"({"library":"a",
      "config":{"x":[1,{"y":"${A}"}]},"after":[],"restart":{"max":"1s"}}},"wires":[{"from":"c",)"
      R"("steps":
      [{"call":"a/1.B","map":{"f":"/x","g":{"value":1}},"out":"o"}]}],"channels":{"c":)"
      R"({"max_bytes":1}}})";
  const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
  const auto length = *rc::gen::inRange<std::size_t>(0, 20);
  const auto patch = *rc::gen::container<std::string>(
      rc::gen::elementOf(std::string("{}[]\",:$/\\0a1 \xC3\xA4\n")));
  text.replace(at, length, patch);
  const Reading reading = read(text);
  RC_ASSERT(reading.manifest.has_value() == reading.problems.empty());
}

}  // namespace
