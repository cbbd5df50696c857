// tests/plugins/metrics_prometheus/ledger_test.cpp - what callers define is theirs, bounded, and
// goes with them.
#include "ledger.hpp"

#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "backplane/ext/metric.h"

#include "exposition.hpp"

namespace metrics_prometheus {
namespace {

class LedgerTest : public testing::Test {
 protected:
  std::uint64_t define(const std::string& owner, std::uint32_t kind, const std::string& name,
                       std::vector<std::string> labels = {}) {
    return *ledger_.define(owner, definition(kind, name, std::move(labels)), limits_);
  }

  static Definition definition(std::uint32_t kind, const std::string& name,
                               std::vector<std::string> labels = {}) {
    return {.kind = kind,
            .name = name,
            .help = "Help.",
            .unit = {},
            .label_names = std::move(labels),
            .bounds = {}};
  }

  std::uint64_t bind(const std::string& owner, std::uint64_t family,
                     std::vector<std::string> values = {}) {
    return *ledger_.bind(owner, family, std::move(values), limits_, now_);
  }

  std::string text() { return *render(ledger_.families(), Format::Text); }

  Ledger ledger_;
  LedgerLimits limits_;
  std::uint64_t now_ = 1;
};

TEST_F(LedgerTest, EveryKindCountsInItsWay) {
  const auto jobs = bind("a", define("a", BP_METRIC_COUNTER, "jobs", {"q"}), {"x\"y"});
  EXPECT_TRUE(*ledger_.observe("a", jobs, 2.5, now_));
  EXPECT_TRUE(*ledger_.observe("a", jobs, 1, now_));
  const auto depth = bind("a", define("a", BP_METRIC_GAUGE, "depth"));
  EXPECT_TRUE(*ledger_.observe("a", depth, 4, now_));
  EXPECT_TRUE(*ledger_.observe("a", depth, -1, now_));
  Definition wait = definition(BP_METRIC_HISTOGRAM, "wait");
  wait.bounds = {1, 2};
  const auto waits = bind("a", *ledger_.define("a", wait, limits_));
  for (const double value : {0.5, 1.0, 2.0, 9.0}) {
    EXPECT_TRUE(*ledger_.observe("a", waits, value, now_));
  }
  bind("a", define("a", BP_METRIC_INFO, "build", {"v"}), {"1"});
  const std::string all = text();
  for (const char* line :
       {"jobs_total{q=\"x\\\"y\",plugin=\"a\"} 3.5\n", "depth{plugin=\"a\"} -1\n",
        "wait_bucket{plugin=\"a\",le=\"1\"} 2\n", "wait_bucket{plugin=\"a\",le=\"+Inf\"} 4\n",
        "wait_sum{plugin=\"a\"} 12.5\n", "build_info{v=\"1\",plugin=\"a\"} 1\n"}) {
    EXPECT_NE(all.find(line), std::string::npos) << line << "in\n" << all;
  }
}

TEST_F(LedgerTest, WhatMakesNoSenseIsRefused) {
  const auto jobs = bind("a", define("a", BP_METRIC_COUNTER, "jobs"));
  const auto depth = bind("a", define("a", BP_METRIC_GAUGE, "depth"));
  const auto build = bind("a", define("a", BP_METRIC_INFO, "build"));
  EXPECT_FALSE(*ledger_.observe("a", jobs, -1, now_));
  EXPECT_FALSE(*ledger_.observe("a", jobs, std::numeric_limits<double>::infinity(), now_));
  EXPECT_FALSE(*ledger_.observe("a", depth, std::nan(""), now_));
  EXPECT_FALSE(*ledger_.observe("a", build, 1, now_));
}

TEST_F(LedgerTest, OneNameStandsForOneThing) {
  const auto first = define("a", BP_METRIC_COUNTER, "jobs", {"q"});
  EXPECT_EQ(define("a", BP_METRIC_COUNTER, "jobs", {"q"}), first);
  EXPECT_NE(define("b", BP_METRIC_COUNTER, "jobs", {"q"}), first) << "another's own";
  const auto refused = ledger_.define("b", definition(BP_METRIC_GAUGE, "jobs", {"q"}), limits_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), BP_E_CONFLICT);
}

TEST_F(LedgerTest, HandlesAreTheirOwnersAlone) {
  const auto family = define("a", BP_METRIC_COUNTER, "jobs");
  const auto series = bind("a", family);
  EXPECT_EQ(ledger_.bind("b", family, {}, limits_, now_).error().code(), BP_E_STALE);
  EXPECT_EQ(ledger_.observe("b", series, 1, now_).error().code(), BP_E_STALE);
  EXPECT_EQ(ledger_.drop_family("b", family).error().code(), BP_E_STALE);
  EXPECT_EQ(ledger_.drop_series("b", series).error().code(), BP_E_STALE);
  EXPECT_EQ(ledger_.bind("a", family, {"x"}, limits_, now_).error().code(), BP_E_INVALID);
  EXPECT_TRUE(ledger_.drop_series("a", series));
  EXPECT_EQ(ledger_.observe("a", series, 1, now_).error().code(), BP_E_STALE);
  EXPECT_TRUE(ledger_.drop_family("a", family));
  EXPECT_EQ(text(), "");
}

TEST_F(LedgerTest, AMillionLabelValuesBecomeOneOverflowSeries) {
  limits_.series_per_family = 10;
  const auto family = define("a", BP_METRIC_COUNTER, "jobs", {"q"});
  std::uint64_t last = 0;
  for (int i = 0; i < 100'000; ++i) {
    last = bind("a", family, {std::to_string(i)});
  }
  EXPECT_EQ(ledger_.series(), 11U);
  EXPECT_EQ(ledger_.overflowed(), 100'000U - 10U);
  EXPECT_TRUE(*ledger_.observe("a", last, 1, now_));
  EXPECT_NE(text().find("jobs_total{q=\"overflow\",plugin=\"a\"} 1\n"), std::string::npos);
}

TEST_F(LedgerTest, FamiliesOfACallerAreBounded) {
  limits_.families_per_caller = 2;
  define("a", BP_METRIC_COUNTER, "one");
  define("a", BP_METRIC_COUNTER, "two");
  EXPECT_EQ(ledger_.define("a", definition(BP_METRIC_COUNTER, "three"), limits_).error().code(),
            BP_E_BUSY);
  EXPECT_TRUE(ledger_.define("b", definition(BP_METRIC_COUNTER, "three"), limits_));
}

TEST_F(LedgerTest, WhoIsGoneTakesItsMetricsAlong) {
  bind("a", define("a", BP_METRIC_COUNTER, "jobs"));
  bind("b", define("b", BP_METRIC_COUNTER, "jobs"));
  ledger_.drop_owners([](const std::string& owner) { return owner == "b"; });
  EXPECT_EQ(text(),
            "# HELP jobs_total Help.\n# TYPE jobs_total counter\njobs_total{plugin=\"b\"} 0\n");
  EXPECT_EQ(ledger_.series(), 1U);
}

TEST_F(LedgerTest, WhatNobodyObservesExpires) {
  const auto family = define("a", BP_METRIC_GAUGE, "depth", {"q"});
  const auto busy = bind("a", family, {"busy"});
  bind("a", family, {"idle"});
  EXPECT_TRUE(*ledger_.observe("a", busy, 1, 100));
  EXPECT_EQ(ledger_.expire(100, 50), 1U);
  EXPECT_EQ(ledger_.series(), 1U);
}

}  // namespace
}  // namespace metrics_prometheus
