// tests/host/manifest/name_rule_test.cpp - plugin ids, channel names, patterns.

#include <gtest/gtest.h>

#include "host/manifest/config_schema.hpp"
#include "host/manifest/key_tables.hpp"

namespace {

using namespace host::manifest;

TEST(NameRule, AgreesWithItsOwnPattern) {
  const std::vector<std::string> names{"a",  "ws.in", "a_b-c", "9",    "",  "A",  ".a",
                                       "-a", "a/b",   "a b",   "ws.*", "?", "a\n"};
  for (const TextRule& rule : {plugin_id_rule(), channel_rule(), glob_rule()}) {
    Node schema = json_object();
    schema.set("pattern", json_string(std::string(rule.pattern)));
    for (const std::string& name : names) {
      const auto findings = validate_config(compact(schema), compact(json_string(name)));
      ASSERT_TRUE(findings);
      EXPECT_EQ(rule.accepts(name), findings->empty()) << rule.what << ": " << name;
    }
  }
}

TEST(NameRule, LimitsTheLength) {
  EXPECT_TRUE(plugin_id_rule().accepts(std::string(64, 'a')));
  EXPECT_FALSE(plugin_id_rule().accepts(std::string(65, 'a')));
  EXPECT_TRUE(channel_rule().accepts(std::string(255, 'a')));
  EXPECT_FALSE(channel_rule().accepts(std::string(256, 'a')));
  EXPECT_FALSE(glob_rule().accepts(std::string(256, '*')));
}

}  // namespace
