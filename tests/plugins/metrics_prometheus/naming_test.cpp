// tests/plugins/metrics_prometheus/naming_test.cpp - what callers may call their metrics.
#include "naming.hpp"

#include <gtest/gtest.h>

#include "backplane/ext/metric.h"

namespace metrics_prometheus {
namespace {

Definition counter(std::string name) {
  return {.kind = BP_METRIC_COUNTER,
          .name = std::move(name),
          .help = {},
          .unit = {},
          .label_names = {},
          .bounds = {}};
}

TEST(Naming, NamesThatNoExpositionCouldCarryAreRefused) {
  EXPECT_TRUE(check(counter("jobs:done")));
  for (const char* name :
       {"", "1a", "a-b", "a\n", "a_total", "a_info", "backplane_x", "process_x", "metrics_x"}) {
    const auto checked = check(counter(name));
    ASSERT_FALSE(checked) << name;
    EXPECT_EQ(checked.error().code(), BP_E_INVALID);
  }
}

TEST(Naming, LabelsBelongToTheCallerOrToTheExporter) {
  Definition definition = counter("jobs");
  definition.label_names = {"queue", "state"};
  EXPECT_TRUE(check(definition));
  for (const char* label : {"plugin", "le", "quantile", "__x", "a b", "queue"}) {
    definition.label_names = {"queue", label};
    EXPECT_FALSE(check(definition)) << label;
  }
  definition.label_names.assign(17, "x");
  EXPECT_FALSE(check(definition));
}

TEST(Naming, UnitsBoundsAndStatesFollowTheirRules) {
  Definition definition = counter("wait");
  definition.unit = "seconds";
  EXPECT_FALSE(check(definition));
  definition.name = "wait_seconds";
  EXPECT_TRUE(check(definition));
  definition.kind = BP_METRIC_INFO;
  EXPECT_FALSE(check(definition));
  definition = counter("h");
  definition.kind = BP_METRIC_HISTOGRAM;
  definition.bounds = {-1.0, 0.0, 2.0};
  EXPECT_TRUE(check(definition));
  definition.bounds = {1.0, 1.0};
  EXPECT_FALSE(check(definition));
  definition = counter("mode");
  definition.kind = BP_METRIC_STATESET;
  EXPECT_FALSE(check(definition));
  definition.label_names = {"mode"};
  EXPECT_TRUE(check(definition));
  definition.kind = 6;
  EXPECT_FALSE(check(definition));
}

TEST(Naming, TextsAreCutBetweenCharacters) {
  EXPECT_EQ(cut("abc", 3), "abc");
  EXPECT_EQ(cut("ab\xC3\xA4", 3), "ab");
}

}  // namespace
}  // namespace metrics_prometheus
