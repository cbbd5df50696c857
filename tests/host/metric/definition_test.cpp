// tests/host/metric/definition_test.cpp - names, labels and texts that exporters can carry.
#include "host/metric/definition.hpp"

#include <array>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace host::metric {
namespace {

Definition counter(std::string name) {
  return {.name = std::move(name), .help = "Help.", .unit = {}, .label_names = {}, .bounds = {}};
}

bp_str str(std::string_view text) {
  return {text.data(), text.size()};
}

TEST(Definition, AcceptsNamesOfThePrometheusDataModel) {
  for (const char* name : {"a", "_a", "ns:a_b", "Requests2"}) {
    EXPECT_TRUE(check(counter(name), false)) << name;
  }
}

TEST(Definition, RefusesNamesThatNoExporterCouldCarry) {
  for (const std::string& name :
       {std::string(), std::string("1a"), std::string("a-b"), std::string("a b"),
        std::string("\xC3\xA4"), std::string("a\0b", 3), std::string(name_bytes_max + 1, 'a')}) {
    const auto checked = check(counter(name), true);
    ASSERT_FALSE(checked) << name;
    EXPECT_EQ(checked.error().code(), BP_E_INVALID);
  }
}

TEST(Definition, RefusesSuffixesThatExportersAdd) {
  for (const char* name : {"a_total", "a_bucket", "a_sum", "a_count", "a_created"}) {
    EXPECT_FALSE(check(counter(name), true)) << name;
  }
  EXPECT_TRUE(check(counter("build_info"), false));
}

TEST(Definition, KeepsTheHostsNamesForTheHost) {
  for (const char* name : {"backplane_x", "process_x"}) {
    EXPECT_FALSE(check(counter(name), false)) << name;
    EXPECT_TRUE(check(counter(name), true)) << name;
  }
}

TEST(Definition, InfosAndStateSetsCarryNoQuantity) {
  Definition info = counter("build");
  info.kind = Kind::Info;
  EXPECT_TRUE(check(info, false));
  info.name = "build_info";
  EXPECT_FALSE(check(info, false));
  Definition states = counter("mode");
  states.kind = Kind::StateSet;
  const auto unlabelled = check(states, false);
  ASSERT_FALSE(unlabelled);
  EXPECT_NE(unlabelled.error().text().find("no label 'mode'"), std::string::npos);
  states.label_names = {"part", "mode"};
  EXPECT_TRUE(check(states, false));
  states.name = "mode_seconds";
  states.unit = "seconds";
  EXPECT_FALSE(check(states, false));
}

TEST(Definition, AUnitIsTheEndOfTheName) {
  Definition definition = counter("latency");
  definition.unit = "seconds";
  const auto checked = check(definition, false);
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().text().find("name it 'latency_seconds'"), std::string::npos);
  definition.name = "latency_seconds";
  EXPECT_TRUE(check(definition, false));
}

TEST(Definition, RefusesLabelsThatClashOrAreReserved) {
  const std::vector<std::vector<std::string>> bad{
      {""}, {"1a"}, {"a:b"}, {"__a"}, {"le"}, {"quantile"}, {"plugin"}, {"a", "b", "a"}, {"a-b"}};
  for (const auto& labels : bad) {
    Definition definition = counter("a");
    definition.label_names = labels;
    EXPECT_FALSE(check(definition, false)) << labels.front();
  }
  Definition host = counter("a");
  host.label_names = {"plugin"};
  EXPECT_TRUE(check(host, true));
  Definition many = counter("a");
  for (std::size_t i = 0; i <= labels_max; ++i) {
    many.label_names.push_back("l" + std::to_string(i));
  }
  EXPECT_FALSE(check(many, false));
  many.label_names.pop_back();
  EXPECT_TRUE(check(many, false));
}

TEST(Definition, ReadsTheLawsStructure) {
  const std::array labels{str("a"), str("b")};
  const std::array bounds{1.0, 2.0};
  bp_metric_desc desc{};
  desc.struct_size = sizeof desc;
  desc.kind = BP_METRIC_HISTOGRAM;
  desc.name = str("wait_seconds");
  desc.help = str("How long\xFF.");
  desc.unit = str("seconds");
  desc.label_names = labels.data();
  desc.n_label_names = 2;
  desc.bounds = bounds.data();
  desc.n_bounds = 2;
  const auto read = read_desc(desc);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->kind, Kind::Histogram);
  EXPECT_EQ(read->help, "How long\xEF\xBF\xBD.");
  EXPECT_EQ(read->label_names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(read->bounds, (std::vector<double>{1.0, 2.0}));
  EXPECT_EQ(read->text(), "histogram 'wait_seconds' {a, b} with 2 bounds");
}

TEST(Definition, RefusesABrokenLawStructure) {
  bp_metric_desc desc{};
  EXPECT_EQ(read_desc(desc).error().code(), BP_E_INVALID);
  desc.struct_size = sizeof desc;
  EXPECT_EQ(read_desc(desc).error().code(), BP_E_INVALID);  // kind 0
  desc.kind = BP_METRIC_COUNTER;
  EXPECT_TRUE(read_desc(desc));
  desc.n_label_names = 1;  // and no array
  EXPECT_EQ(read_desc(desc).error().code(), BP_E_INVALID);
  desc.n_label_names = 0;
  desc.n_bounds = BP_METRIC_BOUNDS_MAX + 1;
  EXPECT_EQ(read_desc(desc).error().code(), BP_E_INVALID);
}

TEST(Definition, ALongerStructureIsReadWhenItsTailIsZero) {
  struct Newer {
    bp_metric_desc desc{};
    std::uint64_t tail = 0;
  } newer;

  newer.desc.struct_size = sizeof newer;
  newer.desc.kind = BP_METRIC_GAUGE;
  EXPECT_TRUE(read_desc(newer.desc));
  newer.tail = 1;
  EXPECT_EQ(read_desc(newer.desc).error().code(), BP_E_TOO_NEW);
}

TEST(CleanText, RepairsBrokenTextAndNul) {
  EXPECT_EQ(clean_text(std::string_view("a\0b", 3), 100),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(clean_text("\xC3\xA4\xC3", 100), "\xC3\xA4\xEF\xBF\xBD");
  EXPECT_EQ(clean_text("\xED\xA0\x80", 100), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(clean_text("\xC3\xA4\xC3\xA4", 3), "\xC3\xA4");
}

RC_GTEST_PROP(CleanText, IsBoundedAndCleanTextStaysAsItIs, (const std::string& text)) {
  const std::string once = clean_text(text, 20);
  RC_ASSERT(once.size() <= 20U);
  RC_ASSERT(once.find('\0') == std::string::npos);
  RC_ASSERT(clean_text(once, 20) == once);
}

}  // namespace
}  // namespace host::metric
