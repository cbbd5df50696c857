// tests/host/metric/collecting_test.cpp - snapshots in parts: what is known is left out, limits
// hold.
#include <array>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/metric/cell.hpp"
#include "host/metric/registry.hpp"
#include "tests/host/metric/decoded.hpp"

namespace host::metric {
namespace {

constexpr Registry::Owner storage = 11;

Definition definition(Kind kind, std::string name, std::vector<std::string> labels) {
  return {.kind = kind,
          .name = std::move(name),
          .help = "Help.",
          .unit = {},
          .label_names = std::move(labels),
          .bounds = {}};
}

struct Snapshot {
  std::uint32_t shape = 0;
  std::vector<Family> families;

  [[nodiscard]] Family family(std::string_view name) const {
    for (const Family& each : families) {
      if (each.name == name) {
        return each;
      }
    }
    return {};
  }
};

Snapshot snapshot(Registry& registry, std::uint32_t known = 0) {
  Snapshot taken;
  std::vector<std::string> parts;
  parts.reserve(1'000);
  EXPECT_TRUE(registry.snapshot(known, 1, [&](std::size_t bytes) {
    return reinterpret_cast<std::byte*>(parts.emplace_back(bytes, '\0').data());
  }));
  for (const std::string& bytes : parts) {
    taken.shape = part<bp_metric_snapshot>(bytes, 0, 0).shape;
    for (Family& family : decode(bytes)) {
      taken.families.push_back(std::move(family));
    }
  }
  return taken;
}

bp_metric_cell& bound(Registry& registry, Registry::FamilyId family, std::string_view value) {
  const std::array<std::string_view, 1> values{value};
  return **registry.bind(storage, family, values, 0);
}

TEST(Collecting, PartsHoldWhatCollectGives) {
  Registry registry;
  registry.add_owner(storage, "storage");
  registry.add_collector([](std::vector<Family>& families) {
    Family depth = family_of(Kind::Gauge, "backplane_depth", "h", {"channel"});
    depth.add({"b"}, 2);
    families.push_back(depth);
  });
  const auto rows = registry.define(storage, definition(Kind::Counter, "rows", {"table"}));
  add(bound(registry, *rows, "x"), 3);
  const auto wait = registry.define(storage, definition(Kind::Histogram, "wait", {"table"}));
  observe(bound(registry, *wait, "x"), 0.02);
  auto collected = registry.collect();
  // Label names are told with series.
  std::erase_if(collected, [](const Family& family) { return family.series.empty(); });
  auto taken = snapshot(registry).families;
  std::erase_if(taken, [](const Family& family) { return family.series.empty(); });
  EXPECT_TRUE(taken == collected);
}

TEST(Collecting, WhatIsKnownComesWithoutLabelsUntilItChanges) {
  Registry registry;
  registry.add_owner(storage, "storage");
  const auto rows = registry.define(storage, definition(Kind::Counter, "rows", {"table"}));
  const auto hits = registry.define(storage, definition(Kind::Counter, "hits", {"table"}));
  add(bound(registry, *rows, "x"), 3);
  add(bound(registry, *hits, "x"), 1);
  const Snapshot first = snapshot(registry);
  add(bound(registry, *rows, "x"), 1);
  const Snapshot second = snapshot(registry, first.shape);
  EXPECT_TRUE(second.family("rows").label_names.empty());
  EXPECT_EQ(second.family("rows").series.at(0).value, 4.0);
  EXPECT_TRUE(second.family("backplane_metric_series").help.empty());
  bound(registry, *rows, "y");
  const Snapshot third = snapshot(registry, second.shape);
  EXPECT_EQ(third.family("rows").label_names, (std::vector<std::string>{"table", "plugin"}));
  EXPECT_EQ(third.family("rows").series.size(), 2U);
  EXPECT_TRUE(third.family("hits").label_names.empty());
  EXPECT_FALSE(snapshot(registry, third.shape + 1'000).family("hits").label_names.empty())
      << "a shape that was never given out";
}

TEST(Collecting, ACollectorsFamilyGetsANewShapeWhenItsSeriesChange) {
  Registry registry;
  std::string state = "running";
  registry.add_collector([&](std::vector<Family>& families) {
    Family states = family_of(Kind::Gauge, "backplane_state", "h", {"state"});
    states.add({state}, 1);
    families.push_back(states);
  });
  const Snapshot first = snapshot(registry);
  const Snapshot second = snapshot(registry, first.shape);
  EXPECT_TRUE(second.family("backplane_state").label_names.empty());
  state = "failed";
  const Snapshot third = snapshot(registry, second.shape);
  EXPECT_EQ(third.family("backplane_state").series.at(0).label_values.at(0), "failed");
}

TEST(Collecting, TheLimitsOfTheOperatorHold) {
  Registry registry({.series_per_family = 3, .series_total = 5});
  registry.add_owner(storage, "storage");
  for (const char* name : {"a", "b", "c"}) {
    const auto family = registry.define(storage, definition(Kind::Counter, name, {"l"}));
    for (int i = 0; i < 10; ++i) {
      add(bound(registry, *family, std::to_string(i)));
    }
  }
  const Snapshot taken = snapshot(registry);
  EXPECT_EQ(taken.family("a").series.size(), 4U) << "three and the overflow";
  EXPECT_EQ(taken.family("b").series.size(), 2U) << "one, and the overflow";
  EXPECT_EQ(taken.family("c").series.size(), 1U) << "the overflow alone";
  EXPECT_EQ(taken.family("c").series.at(0).value, 10.0);
  EXPECT_EQ(taken.family("backplane_metric_overflow").series.size(), 3U);
  EXPECT_EQ(taken.family("backplane_metric_series_limit").series.at(0).value, 5.0);
}

TEST(Collecting, ExpiredSeriesLeaveTheirPlaceToOthers) {
  std::uint64_t now = 1;
  Registry registry(
      {.series_per_family = 2, .expire_after_ns = 100, .now_ns = [&now] { return now; }});
  registry.add_owner(storage, "storage");
  const auto family = registry.define(storage, definition(Kind::Counter, "a", {"l"}));
  bp_metric_cell& old = bound(registry, *family, "old");
  add(old, 5);
  bound(registry, *family, "other");
  EXPECT_EQ(snapshot(registry).family("a").series.size(), 2U);
  now = 200;
  EXPECT_TRUE(snapshot(registry).family("a").series.empty());
  bound(registry, *family, "new");
  bound(registry, *family, "newer");
  add(old);  // nobody has forgotten the cell, but its place is taken
  EXPECT_EQ(snapshot(registry).family("a").series.size(), 2U);
  now = 400;
  const Snapshot later = snapshot(registry);
  now = 401;
  const Snapshot last = snapshot(registry);
  ASSERT_EQ(last.family("a").series.size(), 1U);
  EXPECT_EQ(last.family("a").series[0].label_values[0], "old");
  EXPECT_EQ(last.family("a").series[0].value, 6.0);
  EXPECT_EQ(&bound(registry, *family, "old"), &old);
}

TEST(Collecting, AMillionLabelValuesLeaveTheMemoryFlat) {
  Registry registry;
  registry.add_owner(storage, "storage");
  const auto family = registry.define(storage, definition(Kind::Counter, "a", {"user"}));
  const bp_metric_cell* overflow = nullptr;
  for (int i = 0; i < 1'000'000; ++i) {
    const bp_metric_cell& cell = bound(registry, *family, std::to_string(i));
    if (static_cast<std::size_t>(i) == series_per_family_max) {
      overflow = &cell;
    }
    // One cell for all that is too much: nothing is allocated any more.
    ASSERT_TRUE(overflow == nullptr || overflow == &cell) << i;
  }
  EXPECT_EQ(snapshot(registry).family("a").series.size(), series_per_family_max + 1);
}

TEST(Collecting, ConflictsAreCounted) {
  Registry registry;
  registry.add_owner(storage, "storage");
  ASSERT_TRUE(registry.define(storage, definition(Kind::Counter, "a", {})));
  EXPECT_FALSE(registry.define(storage, definition(Kind::Gauge, "a", {})));
  EXPECT_EQ(snapshot(registry).family("backplane_metric_conflicts").series.at(0).value, 1.0);
}

TEST(Collecting, ASeriesBeganWhenItWasBoundWhateverTheClockDoesLater) {
  std::uint64_t unix_ns = 1'000;
  Registry registry({.now_ns = {}, .unix_now_ns = [&] { return unix_ns; }});
  registry.add_owner(storage, "storage");
  const auto rows = registry.define(storage, definition(Kind::Counter, "rows", {"table"}));
  bound(registry, *rows, "x");
  unix_ns = 500;  // the clock was set back
  bound(registry, *rows, "y");
  bound(registry, *rows, "x");
  const Snapshot taken = snapshot(registry);
  EXPECT_EQ(taken.family("rows").series.at(0).created_unix_ns, 1'000U);
  EXPECT_EQ(taken.family("rows").series.at(1).created_unix_ns, 500U);
}

TEST(Collecting, ASuccessorBeginsAnew) {
  std::uint64_t unix_ns = 1'000;
  Registry registry({.now_ns = {}, .unix_now_ns = [&] { return unix_ns; }});
  const std::array<std::string_view, 1> values{"x"};
  for (const Registry::Owner owner : {storage, storage + 1}) {
    registry.add_owner(owner, "storage");
    const auto rows = registry.define(owner, definition(Kind::Counter, "rows", {"table"}));
    ASSERT_TRUE(registry.bind(owner, *rows, values, 0));
    unix_ns += 1;
  }
  const Snapshot both = snapshot(registry);
  ASSERT_EQ(both.family("rows").series.size(), 1U);
  EXPECT_EQ(both.family("rows").series[0].created_unix_ns, 1'000U);
  registry.withdraw(storage);
  const Snapshot one = snapshot(registry, both.shape);
  EXPECT_EQ(one.family("rows").series.at(0).created_unix_ns, 1'001U) << "and is told again";
}

TEST(Collecting, ExemplarsComeWithTheBucketsThatAreShown) {
  std::uint64_t unix_ns = 1'000;
  Registry registry({.now_ns = {}, .unix_now_ns = [&] { return unix_ns; }});
  registry.add_owner(storage, "storage");
  const auto wait = registry.define(storage, definition(Kind::Histogram, "wait", {"table"}));
  bp_metric_cell& x = bound(registry, *wait, "x");
  bp_metric_cell& y = bound(registry, *wait, "y");
  const std::array<std::uint8_t, 24> trace{1, 2, 3};
  observe(x, 0.02);
  EXPECT_EQ(registry.exemplar(storage, &x, 0.02, trace), BP_OK);
  unix_ns = 2'000;
  EXPECT_EQ(registry.exemplar(storage, &x, 1e9, trace), BP_OK);
  const Snapshot first = snapshot(registry);
  for (const Snapshot& taken : {first, snapshot(registry, first.shape)}) {
    const Family family = taken.family("wait");
    ASSERT_EQ(family.series.size(), 2U);
    const Series& series = family.series[0];
    ASSERT_EQ(series.exemplars.size(), 2U);
    const auto& [bucket, exemplar] = series.exemplars[0];
    EXPECT_EQ(exemplar, (Exemplar{0.02, 1'000, trace}));
    EXPECT_LE(0.02, series.buckets.at(bucket).upper);
    EXPECT_GT(0.02, series.buckets.at(bucket - 1).upper);
    EXPECT_EQ(series.exemplars[1].first, series.buckets.size() - 1);
    EXPECT_EQ(series.exemplars[1].second.value, 1e9);
    EXPECT_TRUE(family.series[1].exemplars.empty());
  }
  (void)y;
}

}  // namespace
}  // namespace host::metric
