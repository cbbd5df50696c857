// tests/host/metric/registry_test.cpp - families, cells and what happens when an instance goes.
#include "host/metric/registry.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/metric/cell.hpp"

namespace host::metric {
namespace {

using testing::HasSubstr;
using Values = std::vector<std::string_view>;

constexpr Registry::Owner storage = 11;
constexpr Registry::Owner ws = 12;

Definition definition(Kind kind, std::string name, std::vector<std::string> labels = {}) {
  return {.kind = kind,
          .name = std::move(name),
          .help = "Help.",
          .unit = {},
          .label_names = std::move(labels),
          .bounds = {}};
}

class RegistryTest : public testing::Test {
 protected:
  RegistryTest() {
    registry_.add_owner(storage, "storage");
    registry_.add_owner(ws, "ws");
  }

  bp_metric_cell& cell(Registry::Owner owner, Registry::FamilyId family, const Values& values = {},
                       Registry::Writer writer = Registry::strand_writer) {
    return **registry_.bind(owner, family, values, writer);
  }

  // The family as collected; empty name: not there.
  Family collected(std::string_view name) {
    for (Family& family : registry_.collect()) {
      if (family.name == name) {
        return family;
      }
    }
    return {};
  }

  Registry registry_;
};

TEST_F(RegistryTest, ASeriesIsTheSumOfItsCells) {
  const auto family = registry_.define(storage, definition(Kind::Counter, "rows", {"table"}));
  ASSERT_TRUE(family);
  add(cell(storage, *family, {"a"}), 2);
  add(cell(storage, *family, {"a"}, 1), 3);
  add(cell(storage, *family, {"b"}), 7);
  const Family rows = collected("rows");
  EXPECT_EQ(rows.label_names, (std::vector<std::string>{"table", "plugin"}));
  ASSERT_EQ(rows.series.size(), 2U);
  EXPECT_EQ(rows.series[0].label_values, (std::vector<std::string>{"a", "storage"}));
  EXPECT_EQ(rows.series[0].value, 5.0);
  EXPECT_EQ(rows.series[1].value, 7.0);
}

TEST_F(RegistryTest, TheSameWriterGetsTheSameCellAndAnotherOneItsOwn) {
  const auto family = registry_.define(storage, definition(Kind::Gauge, "depth"));
  EXPECT_EQ(&cell(storage, *family), &cell(storage, *family));
  EXPECT_NE(&cell(storage, *family), &cell(storage, *family, {}, 1));
}

TEST_F(RegistryTest, HistogramsAreCumulativeAndEndAtInfinity) {
  Definition wait = definition(Kind::Histogram, "wait");
  wait.bounds = {1.0, 10.0};
  const auto family = registry_.define(storage, wait);
  for (const double value : {0.5, 1.0, 5.0, 50.0}) {
    observe(cell(storage, *family), value);
  }
  const Family collected_wait = collected("wait");
  const Series& series = collected_wait.series.at(0);
  ASSERT_EQ(series.buckets.size(), 3U);
  EXPECT_EQ(series.buckets[0].count, 2U);
  EXPECT_EQ(series.buckets[1].count, 3U);
  EXPECT_EQ(series.buckets[2].count, 4U);
  EXPECT_TRUE(std::isinf(series.buckets[2].upper));
  EXPECT_EQ(series.count, 4U);
  EXPECT_EQ(series.sum, 56.5);
}

TEST_F(RegistryTest, TwoInstancesShareAFamilyAndAreToldApartByTheirLabel) {
  const auto first = registry_.define(storage, definition(Kind::Counter, "errors"));
  const auto second = registry_.define(ws, definition(Kind::Counter, "errors"));
  add(cell(storage, *first), 1);
  add(cell(ws, *second), 2);
  const Family errors = collected("errors");
  ASSERT_EQ(errors.series.size(), 2U);
  EXPECT_EQ(errors.series[0].label_values, std::vector<std::string>{"storage"});
  EXPECT_EQ(errors.series[1].label_values, std::vector<std::string>{"ws"});
  registry_.withdraw(storage);
  EXPECT_EQ(collected("errors").series.size(), 1U);
}

TEST_F(RegistryTest, DefiningTheSameAgainGivesTheSameId) {
  const auto first = registry_.define(storage, definition(Kind::Counter, "a", {"x"}));
  EXPECT_EQ(registry_.define(storage, definition(Kind::Counter, "a", {"x"})).value(), *first);
}

TEST_F(RegistryTest, AConflictNamesBothAndTheFirstStands) {
  ASSERT_TRUE(registry_.define(storage, definition(Kind::Counter, "a", {"x"})));
  for (const Definition& other :
       {definition(Kind::Gauge, "a", {"x"}), definition(Kind::Counter, "a", {"y"})}) {
    const auto refused = registry_.define(ws, other);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), BP_E_CONFLICT);
    EXPECT_THAT(refused.error().text(), HasSubstr(other.text() + " of 'ws'"));
    EXPECT_THAT(refused.error().text(), HasSubstr("counter 'a' {x} of 'storage'"));
  }
  registry_.withdraw(storage);
  EXPECT_TRUE(registry_.define(ws, definition(Kind::Gauge, "a")));
}

TEST_F(RegistryTest, BadBoundsAndUnknownOwnersAreRefusedAndLeaveNothing) {
  Definition bad = definition(Kind::Histogram, "h");
  bad.bounds = {2.0, 1.0};
  EXPECT_EQ(registry_.define(storage, bad).error().code(), BP_E_INVALID);
  EXPECT_EQ(collected("h").name, "");
  EXPECT_EQ(registry_.define(99, definition(Kind::Counter, "a")).error().code(), BP_E_STALE);
}

TEST_F(RegistryTest, AHandleOfAnotherInstanceIsStale) {
  const auto family = registry_.define(storage, definition(Kind::Counter, "a"));
  EXPECT_EQ(registry_.bind(ws, *family, {}, 0).error().code(), BP_E_STALE);
  EXPECT_EQ(registry_.bind(storage, *family + 1, {}, 0).error().code(), BP_E_STALE);
  const Values one{"x"};
  EXPECT_EQ(registry_.bind(storage, *family, one, 0).error().code(), BP_E_INVALID);
}

TEST_F(RegistryTest, WithdrawnSeriesVanishButTheirCellsStayMapped) {
  const auto family = registry_.define(storage, definition(Kind::Counter, "a"));
  bp_metric_cell& written = cell(storage, *family);
  registry_.withdraw(storage);
  EXPECT_EQ(collected("a").name, "");
  add(written);  // a late thread of the instance; the address sanitizer watches
  EXPECT_EQ(written.value, 1U);
  EXPECT_EQ(registry_.bind(storage, *family, {}, 0).error().code(), BP_E_STALE);
  EXPECT_EQ(registry_.define(storage, definition(Kind::Counter, "a")).error().code(), BP_E_STALE);
  registry_.release(storage);
  registry_.release(storage);
  registry_.release(ws);  // not withdrawn: stays
  EXPECT_TRUE(registry_.define(ws, definition(Kind::Counter, "a")));
}

TEST_F(RegistryTest, AMillionLabelValuesBecomeOneOverflowSeries) {
  const auto family = registry_.define(storage, definition(Kind::Counter, "a", {"user"}));
  for (int i = 0; i < 20'000; ++i) {
    const std::string user = std::to_string(i);
    add(cell(storage, *family, {user}));
  }
  const Family users = collected("a");
  EXPECT_EQ(users.series.size(), series_per_family_max + 1);
  const auto overflow = std::ranges::find(
      users.series, std::vector<std::string>{"overflow", "storage"}, &Series::label_values);
  ASSERT_NE(overflow, users.series.end());
  EXPECT_EQ(overflow->value, 20'000.0 - series_per_family_max);
  const Family counted = collected("backplane_metric_overflow");
  ASSERT_EQ(counted.series.size(), 1U);
  EXPECT_EQ(counted.series[0].value, 20'000.0 - series_per_family_max);
}

TEST_F(RegistryTest, LabelValuesAreRepairedAndCutSoThatNoSeriesAppearsTwice) {
  const auto family = registry_.define(storage, definition(Kind::Counter, "a", {"x"}));
  add(cell(storage, *family, {"\xFF"}), 1);
  add(cell(storage, *family, {"\xFE"}), 2);
  const std::string huge(10'000, 'x');
  add(cell(storage, *family, {huge}), 3);
  const Family a = collected("a");
  ASSERT_EQ(a.series.size(), 2U);
  EXPECT_EQ(a.series[0].label_values[0].size(), label_value_bytes_max);
  EXPECT_EQ(a.series[1].value, 3.0);
}

TEST_F(RegistryTest, FamiliesOfOneOwnerAreBounded) {
  for (std::size_t i = 0; i < families_per_owner_max; ++i) {
    ASSERT_TRUE(registry_.define(storage, definition(Kind::Counter, "m" + std::to_string(i))));
  }
  EXPECT_EQ(registry_.define(storage, definition(Kind::Counter, "one_more")).error().code(),
            BP_E_BUSY);
  EXPECT_EQ(collected("one_more").name, "");
}

TEST(RegistryCells, OfOneOwnerAreBounded) {
  Registry registry({.series_total = 2 * cells_per_owner_max});
  registry.add_owner(storage, "storage");
  std::size_t bound = 0;
  bp_status refused = BP_OK;
  for (int f = 0; refused == BP_OK; ++f) {
    const auto many =
        registry.define(storage, definition(Kind::Counter, "f" + std::to_string(f), {"x"}));
    for (std::size_t i = 0; i < series_per_family_max && refused == BP_OK; ++i) {
      const std::string value = std::to_string(i);
      const Values values{value};
      const auto got = registry.bind(storage, *many, values, 0);
      bound += got ? 1U : 0U;
      refused = got ? BP_OK : got.error().code();
    }
  }
  EXPECT_EQ(refused, BP_E_NO_MEMORY);
  EXPECT_EQ(bound, cells_per_owner_max);
}

TEST_F(RegistryTest, RefusedWritesAreCountedForTheirPlugin) {
  const auto family = registry_.define(storage, definition(Kind::Gauge, "g"));
  set(cell(storage, *family), std::numeric_limits<double>::quiet_NaN());
  const Family refused = collected("backplane_metric_refused");
  ASSERT_EQ(refused.series.size(), 1U);
  EXPECT_EQ(refused.series[0].label_values[0], "storage");
  EXPECT_EQ(refused.series[0].value, 1.0);
}

TEST_F(RegistryTest, TheHostsOwnSeriesCarryNoPluginLabel) {
  const auto family =
      registry_.define(Registry::host_owner, definition(Kind::Counter, "backplane_x"));
  add_shared(cell(Registry::host_owner, *family), 4);
  const Family x = collected("backplane_x");
  EXPECT_TRUE(x.label_names.empty());
  EXPECT_EQ(x.series.at(0).value, 4.0);
}

TEST_F(RegistryTest, CollectorsContributeUntilTheyAreRemoved) {
  const auto id = registry_.add_collector([](std::vector<Family>& families) {
    Family depth =
        family_of(Kind::Gauge, "backplane_channel_queue_depth", "Messages waiting.", {"channel"});
    depth.add({"b"}, 2);
    depth.add({"a"}, 1);
    depth.add({"a"}, 10);
    depth.add({"too", "many"}, 1);
    families.push_back(depth);
    Family again = depth;
    again.kind = Kind::Counter;  // conflicts: the first stands
    families.push_back(again);
  });
  const Family depth = collected("backplane_channel_queue_depth");
  EXPECT_EQ(depth.kind, Kind::Gauge);
  ASSERT_EQ(depth.series.size(), 2U);
  EXPECT_EQ(depth.series[0].value, 11.0);
  EXPECT_EQ(depth.series[1].label_values, std::vector<std::string>{"b"});
  registry_.remove_collector(id);
  EXPECT_EQ(collected("backplane_channel_queue_depth").name, "");
}

TEST_F(RegistryTest, FamiliesComeInTheOrderOfTheirNames) {
  for (const char* name : {"c", "a", "b"}) {
    ASSERT_TRUE(registry_.define(storage, definition(Kind::Counter, name)));
  }
  EXPECT_TRUE(std::ranges::is_sorted(registry_.collect(), {}, &Family::name));
}

TEST_F(RegistryTest, AnExemplarNeedsACellOfItsOwnerAndATrace) {
  const std::array<std::uint8_t, 24> trace{9};
  const std::array<std::uint8_t, 24> nothing{};
  const auto rows = registry_.define(storage, definition(Kind::Counter, "rows", {"table"}));
  const auto depth = registry_.define(storage, definition(Kind::Gauge, "depth"));
  bp_metric_cell& counter = cell(storage, *rows, {"a"});
  bp_metric_cell& gauge = cell(storage, *depth);
  const bp_metric_cell other{};
  EXPECT_EQ(registry_.exemplar(storage, &counter, 1, trace), BP_OK);
  EXPECT_EQ(registry_.exemplar(storage, &counter, 1, nothing), BP_E_INVALID);
  EXPECT_EQ(registry_.exemplar(storage, &counter, std::nan(""), trace), BP_E_INVALID);
  EXPECT_EQ(registry_.exemplar(storage, nullptr, 1, trace), BP_E_INVALID);
  EXPECT_EQ(registry_.exemplar(storage, &gauge, 1, trace), BP_E_INVALID);
  EXPECT_EQ(registry_.exemplar(storage, &other, 1, trace), BP_E_STALE);
  EXPECT_EQ(registry_.exemplar(ws, &counter, 1, trace), BP_E_STALE);
  const auto* inside = reinterpret_cast<const bp_metric_cell*>(&counter.sum);
  EXPECT_EQ(registry_.exemplar(storage, inside, 1, trace), BP_E_STALE);
  EXPECT_EQ(collected("rows").series.at(0).exemplars.size(), 1U);
  registry_.withdraw(storage);
  EXPECT_EQ(registry_.exemplar(storage, &counter, 1, trace), BP_E_STALE);
}

TEST_F(RegistryTest, ThereIsALimitOnCellsWithExemplars) {
  const std::array<std::uint8_t, 24> trace{9};
  const auto rows = registry_.define(storage, definition(Kind::Counter, "rows", {"table"}));
  bp_metric_cell* first = nullptr;
  for (std::size_t i = 0; i < exemplar_cells_per_owner_max; ++i) {
    const std::string value = std::to_string(i);
    bp_metric_cell& one = cell(storage, *rows, {value});
    first = first == nullptr ? &one : first;
    ASSERT_EQ(registry_.exemplar(storage, &one, 1, trace), BP_OK);
  }
  EXPECT_EQ(registry_.exemplar(storage, &cell(storage, *rows, {"more"}), 1, trace), BP_E_NO_MEMORY);
  EXPECT_EQ(registry_.exemplar(storage, first, 2, trace), BP_OK);
}

}  // namespace
}  // namespace host::metric
