// tests/host/metric/part_test.cpp - parts are snapshots by themselves, and together all of it.
#include "host/metric/part.hpp"

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/host/metric/decoded.hpp"

namespace host::metric {
namespace {

class Parts {
 public:
  PartRoom room = [this](std::size_t bytes) -> std::byte* {
    if (parts.size() == max) {
      return nullptr;
    }
    // Exactly as large as was asked: the address sanitizer watches.
    parts.push_back({std::make_unique<std::byte[]>(bytes), bytes});
    return parts.back().first.get();
  };

  [[nodiscard]] std::string_view bytes(std::size_t i) const {
    return {reinterpret_cast<const char*>(parts[i].first.get()), parts[i].second};
  }

  std::vector<std::pair<std::unique_ptr<std::byte[]>, std::size_t>> parts;
  std::size_t max = 100;
};

PartHead head(std::string_view name, bool known = false) {
  return {Kind::Counter, 3, name, "Help.", "", known};
}

TEST(Part, OneHoldsWhatWasWritten) {
  Parts made;
  PartWriter writer(made.room, 9, 42);
  const std::array<std::string_view, 2> names{"a", "b"};
  writer.begin(head("x"), names);
  EXPECT_TRUE(writer.add(std::array<std::string_view, 2>{"1", ""}, 5));
  EXPECT_TRUE(writer.add(std::array<std::string_view, 2>{"1", "2"}, 6));
  Series wait;
  wait.sum = 2.5;
  wait.count = 2;
  wait.buckets = {{1.0, 1}, {2.0, 2}};
  PartHead histogram = head("y");
  histogram.kind = Kind::Histogram;
  writer.begin(histogram, {});
  EXPECT_TRUE(writer.add({}, wait));
  ASSERT_TRUE(writer.finish());
  ASSERT_EQ(made.parts.size(), 1U);
  const auto header = part<bp_metric_snapshot>(made.bytes(0), 0, 0);
  EXPECT_EQ(header.shape, 9U);
  EXPECT_EQ(header.unix_time_ns, 42U);
  EXPECT_EQ(part<bp_metric_family>(made.bytes(0), header.families_offset, 0).shape, 3U);
  const auto families = decode(made.bytes(0));
  ASSERT_EQ(families.size(), 2U);
  EXPECT_EQ(families[0].help, "Help.");
  EXPECT_EQ(families[0].series[0].label_values, (std::vector<std::string>{"1", ""}));
  EXPECT_EQ(families[0].series[1].label_values, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(families[0].series[1].value, 6.0);
  EXPECT_EQ(families[1].series[0].buckets, wait.buckets);
}

TEST(Part, AKnownFamilyHasValuesOnly) {
  Parts made;
  PartWriter writer(made.room, 9, 0);
  writer.begin(head("x", true), std::array<std::string_view, 1>{"a"});
  EXPECT_TRUE(writer.add({}, 5));
  ASSERT_TRUE(writer.finish());
  const auto families = decode(made.bytes(0));
  EXPECT_EQ(families[0].name, "x");
  EXPECT_EQ(families[0].help, "");
  EXPECT_TRUE(families[0].series[0].label_values.empty());
  EXPECT_EQ(families[0].series[0].value, 5.0);
}

TEST(Part, ALargeFamilyGoesOnInTheNextOne) {
  constexpr int count = 60'000;
  Parts made;
  PartWriter writer(made.room, 1, 0);
  const std::array<std::string_view, 1> names{"a"};
  writer.begin(head("x"), names);
  for (int i = 0; i < count; ++i) {
    const std::string value = std::to_string(i);
    ASSERT_TRUE(writer.add(std::array<std::string_view, 1>{value}, i));
  }
  ASSERT_TRUE(writer.finish());
  EXPECT_GT(made.parts.size(), 3U);
  int seen = 0;
  for (std::size_t i = 0; i < made.parts.size(); ++i) {
    EXPECT_LT(made.bytes(i).size(), part_bytes + 8'192);
    for (const Family& family : decode(made.bytes(i))) {
      EXPECT_EQ(family.name, "x");
      for (const Series& series : family.series) {
        ASSERT_EQ(series.label_values.at(0), std::to_string(seen));
        ASSERT_EQ(series.value, seen++);
      }
    }
  }
  EXPECT_EQ(seen, count);
}

TEST(Part, WithoutRoomItEnds) {
  Parts made;
  made.max = 0;
  PartWriter writer(made.room, 1, 0);
  writer.begin(head("x"), {});
  EXPECT_TRUE(writer.add({}, 1));
  EXPECT_FALSE(writer.finish());
}

TEST(Part, TimesAndExemplarsAreTheirSeries) {
  Parts made;
  PartWriter writer(made.room, 9, 42);
  const Exemplar exemplar{.value = 3, .unix_time_ns = 11, .trace = {1}};
  const std::vector<BucketExemplar> of_counter{{0, exemplar}};
  const std::array<std::string_view, 1> names{"a"};
  const std::array<std::string_view, 1> value{"1"};
  writer.begin(head("w", true), names);
  EXPECT_TRUE(writer.add({}, 5, {77, of_counter}));
  writer.begin(head("x"), names);
  EXPECT_TRUE(writer.add(value, 5, {0, {}}));
  EXPECT_TRUE(writer.add(value, 5, {8, of_counter}));
  writer.begin(head("y"), names);
  EXPECT_TRUE(writer.add(value, 5));
  ASSERT_TRUE(writer.finish());
  const auto families = decode(made.bytes(0));
  EXPECT_EQ(families[0].series[0].created_unix_ns, 0U) << "it was told when the family was";
  EXPECT_EQ(families[0].series[0].exemplars, of_counter);
  EXPECT_EQ(families[1].series[0].created_unix_ns, 0U);
  EXPECT_TRUE(families[1].series[0].exemplars.empty());
  EXPECT_EQ(families[1].series[1].created_unix_ns, 8U);
  EXPECT_EQ(families[1].series[1].exemplars, of_counter);
  EXPECT_EQ(families[2].series[0].created_unix_ns, 0U);
}

TEST(Part, WithoutTimesThereIsNoRoomForThem) {
  Parts made;
  PartWriter writer(made.room, 9, 42);
  writer.begin(head("x", true), {});
  EXPECT_TRUE(writer.add({}, 5, {77, {}}));
  ASSERT_TRUE(writer.finish());
  const auto header = part<bp_metric_snapshot>(made.bytes(0), 0, 0);
  EXPECT_EQ(header.created_offset, 0U);
  EXPECT_EQ(header.n_exemplars, 0U);
  EXPECT_EQ(made.bytes(0).size(),
            sizeof(bp_metric_snapshot) + sizeof(bp_metric_family) + sizeof(bp_metric_series) + 1);
}

}  // namespace
}  // namespace host::metric
