// tests/plugins/metrics_prometheus/exposition_test.cpp - both formats, line by line.
#include "exposition.hpp"

#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "backplane/cpp/utf8.hpp"

#include "exposed.hpp"
#include "snapshot_bytes.hpp"

namespace metrics_prometheus {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::string text(const std::vector<Family>& families) {
  return *render(families, Format::Text);
}

std::string open(const std::vector<Family>& families) {
  return *render(families, Format::OpenMetrics);
}

Series histogram(std::vector<Bucket> buckets, double sum, std::uint64_t count) {
  Series out = series({{"path", "/"}}, 0.0);
  out.buckets = std::move(buckets);
  out.sum = sum;
  out.count = count;
  return out;
}

TEST(Exposition, CountersEndWithTotal) {
  const std::vector<Family> families{
      family(BP_METRIC_COUNTER, "rows", {series({}, 1), series({{"t", "x"}, {"p", "y"}}, 2)})};
  EXPECT_EQ(text(families),
            "# HELP rows_total Help.\n# TYPE rows_total counter\n"
            "rows_total 1\nrows_total{t=\"x\",p=\"y\"} 2\n");
  EXPECT_EQ(open(families),
            "# HELP rows Help.\n# TYPE rows counter\n"
            "rows_total 1\nrows_total{t=\"x\",p=\"y\"} 2\n# EOF\n");
}

TEST(Exposition, HistogramsHaveBucketsSumAndCount) {
  const std::vector<Family> families{
      family(BP_METRIC_HISTOGRAM, "wait_seconds",
             {histogram({{0.25, 1}, {1.0, 2}, {infinity, 3}}, 4.5, 3)}, "seconds")};
  EXPECT_EQ(text(families),
            "# HELP wait_seconds Help.\n# TYPE wait_seconds histogram\n"
            "wait_seconds_bucket{path=\"/\",le=\"0.25\"} 1\n"
            "wait_seconds_bucket{path=\"/\",le=\"1\"} 2\n"
            "wait_seconds_bucket{path=\"/\",le=\"+Inf\"} 3\n"
            "wait_seconds_sum{path=\"/\"} 4.5\nwait_seconds_count{path=\"/\"} 3\n");
  EXPECT_EQ(
      open(families),
      "# HELP wait_seconds Help.\n# TYPE wait_seconds histogram\n# UNIT wait_seconds seconds\n"
      "wait_seconds_bucket{path=\"/\",le=\"0.25\"} 1\n"
      "wait_seconds_bucket{path=\"/\",le=\"1.0\"} 2\n"
      "wait_seconds_bucket{path=\"/\",le=\"+Inf\"} 3\n"
      "wait_seconds_sum{path=\"/\"} 4.5\nwait_seconds_count{path=\"/\"} 3\n# EOF\n");
}

TEST(Exposition, AMissingLastBucketIsAdded) {
  EXPECT_NE(text({family(BP_METRIC_HISTOGRAM, "h", {histogram({{1.0, 2}}, 0.0, 7)})})
                .find("h_bucket{path=\"/\",le=\"+Inf\"} 7\n"),
            std::string::npos);
}

TEST(Exposition, AUnitThatIsNotTheEndOfTheNameIsNotWritten) {
  for (const char* name : {"seconds", "waitseconds", "wait"}) {
    EXPECT_EQ(open({family(BP_METRIC_GAUGE, name, {series({}, 1)}, "seconds")}).find("UNIT"),
              std::string::npos);
  }
}

TEST(Exposition, LabelValuesAndHelpAreEscaped) {
  Family bad = family(BP_METRIC_GAUGE, "g",
                      {series({{"l", std::string_view("q\"b\\n\nz\0u\xFF.", 11)}}, 1)});
  bad.help = "back\\slash \"quote\"\nline";
  const std::string label = "g{l=\"q\\\"b\\\\n\\nz\xEF\xBF\xBDu\xEF\xBF\xBD.\"} 1\n";
  EXPECT_EQ(text({bad}), "# HELP g back\\\\slash \"quote\"\\nline\n# TYPE g gauge\n" + label);
  EXPECT_EQ(open({bad}),
            "# HELP g back\\\\slash \\\"quote\\\"\\nline\n# TYPE g gauge\n" + label + "# EOF\n");
}

TEST(Exposition, EmptyFamiliesAndUnknownKindsSayNothing) {
  EXPECT_EQ(text({family(BP_METRIC_COUNTER, "a", {}), family(99, "b", {series({}, 1)})}), "");
  EXPECT_EQ(open({}), "# EOF\n");
}

TEST(Exposition, AMissingHelpIsNoEmptyLine) {
  Family bare = family(BP_METRIC_GAUGE, "g", {series({}, 1)});
  bare.help = {};
  EXPECT_NE(text({bare}).find("# HELP g No help was given.\n"), std::string::npos);
}

TEST(Exposition, InfosAndStateSetsHaveTheirKindInOpenMetricsOnly) {
  const std::vector<Family> families{
      family(BP_METRIC_INFO, "build", {series({{"version", "1.2"}}, 0)}),
      family(BP_METRIC_STATESET, "mode",
             {series({{"mode", "fast"}}, 3), series({{"mode", "slow"}}, 0)})};
  EXPECT_EQ(text(families),
            "# HELP build_info Help.\n# TYPE build_info gauge\nbuild_info{version=\"1.2\"} 1\n"
            "# HELP mode Help.\n# TYPE mode gauge\n"
            "mode{mode=\"fast\"} 1\nmode{mode=\"slow\"} 0\n");
  EXPECT_EQ(open(families),
            "# HELP build Help.\n# TYPE build info\nbuild_info{version=\"1.2\"} 1\n"
            "# HELP mode Help.\n# TYPE mode stateset\n"
            "mode{mode=\"fast\"} 1\nmode{mode=\"slow\"} 0\n# EOF\n");
}

TEST(Exposition, OwnFamiliesTakeTheirPlaceAndStandBackBehindTheHosts) {
  const SnapshotBytes bytes({family(BP_METRIC_GAUGE, "a", {series({}, 1)}),
                             family(BP_METRIC_GAUGE, "process_threads", {series({}, 5)}),
                             family(BP_METRIC_GAUGE, "z", {series({}, 2)})});
  const std::vector<Family> own{family(BP_METRIC_GAUGE, "process_threads", {series({}, 9)}),
                                build_info("1.2.3")};
  EXPECT_EQ(*expose(bytes.view(), own, Format::Text),
            "# HELP a Help.\n# TYPE a gauge\na 1\n"
            "# HELP backplane_build_info Always 1; the labels say which build this is.\n"
            "# TYPE backplane_build_info gauge\nbackplane_build_info{version=\"1.2.3\"} 1\n"
            "# HELP process_threads Help.\n# TYPE process_threads gauge\nprocess_threads 5\n"
            "# HELP z Help.\n# TYPE z gauge\nz 2\n");
}

TEST(Exposition, ItIsTheSameInAnyPieces) {
  std::vector<Series> many;
  std::vector<std::string> names(50);
  for (std::size_t i = 0; i < names.size(); ++i) {
    names[i] = std::to_string(i) + std::string(i, 'x');
    many.push_back(histogram({{0.5, i}, {infinity, i + 1}}, 0.5, i + 1));
    many.back().labels[0].value = names[i];
  }
  const std::vector<Family> families{family(BP_METRIC_GAUGE, "a", {series({}, 1)}),
                                     family(BP_METRIC_HISTOGRAM, "b", many)};
  const std::string whole = open(families);
  for (const std::size_t bytes : {600U, 1'000U, 5'000U}) {
    std::vector<OwnFamily> own;
    for (const Family& each : families) {
      own.push_back(*OwnFamily::make(each, Format::OpenMetrics));
    }
    Exposition exposition({}, own, Format::OpenMetrics);
    std::string all;
    std::string piece(bytes, '\0');
    while (!exposition.done()) {
      Room room{piece.data(), piece.data() + piece.size()};
      ASSERT_TRUE(exposition.write(room));
      ASSERT_TRUE(room.at != piece.data() || exposition.done()) << "no progress";
      all.append(piece.data(), room.at);
    }
    EXPECT_EQ(all, whole);
    EXPECT_LE(exposition.size_min(), all.size());
    EXPECT_GE(exposition.size_max(), all.size());
  }
}

RC_GTEST_PROP(Exposition, AnyLabelValueKeepsTheLineWhole, ()) {
  const auto value = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
  const std::string all = text({family(BP_METRIC_GAUGE, "g", {series({{"l", value}}, 1)})});
  const std::string head = "# HELP g Help.\n# TYPE g gauge\ng{l=\"";
  RC_ASSERT(all.starts_with(head));
  RC_ASSERT(all.ends_with("\"} 1\n"));
  const std::string inside = all.substr(head.size(), all.size() - head.size() - 5);
  RC_ASSERT(bp::utf8::valid(inside));
  RC_ASSERT(inside.find('\n') == std::string::npos);
  RC_ASSERT(inside.find('\0') == std::string::npos);
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] == '\\') {
      ++i;
      RC_ASSERT(inside[i] == '\\' || inside[i] == 'n' || inside[i] == '"');
    } else {
      RC_ASSERT(inside[i] != '"');
    }
  }
}

constexpr std::string_view traced =
    R"( # {trace_id="ab000000000000000000000000000001",span_id="000000000000007f"} )";

std::vector<Family> with_times() {
  Series wait = series({{"table", "a"}}, 0);
  wait.buckets = {{0.5, 1}, {1.0, 2}, {std::numeric_limits<double>::infinity(), 4}};
  wait.sum = 7;
  wait.count = 4;
  wait.created_unix_ns = 1'764'000'000'000'000'000;
  Series rows = series({}, 5);
  rows.created_unix_ns = 1'764'000'001'005'999'999;
  return {family(BP_METRIC_COUNTER, "rows", {rows, series({{"table", "b"}}, 6)}),
          family(BP_METRIC_GAUGE, "depth", {rows}), family(BP_METRIC_HISTOGRAM, "wait", {wait})};
}

TEST(Created, IsALineOfEachCounterAndHistogramWhoseTimeIsKnown) {
  const auto text = expose(SnapshotBytes(with_times()).view(), {}, Format::OpenMetrics, true);
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, testing::HasSubstr("rows_total 5\nrows_created 1764000001.005\n"
                                        "rows_total{table=\"b\"} 6\n# HELP depth"));
  EXPECT_THAT(*text, testing::HasSubstr("wait_count{table=\"a\"} 4\n"
                                        "wait_created{table=\"a\"} 1764000000.000\n# EOF\n"));
  EXPECT_THAT(*text, testing::Not(testing::HasSubstr("depth_created")));
}

TEST(Created, IsToldOnlyWhereItWasAskedForAndTheFormatHasIt) {
  const SnapshotBytes bytes(with_times());
  EXPECT_EQ(expose(bytes.view(), {}, Format::OpenMetrics)->find("_created"), std::string::npos);
  EXPECT_EQ(expose(bytes.view(), {}, Format::Text, true)->find("_created"), std::string::npos);
}

TEST(Created, IsToldOfOwnFamiliesToo) {
  const SnapshotBytes none({});
  const auto text = expose(none.view(), with_times(), Format::OpenMetrics, true);
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, testing::HasSubstr("rows_created 1764000001.005\n"));
}

TEST(Exemplars, StandBehindTheirBucketOrCounterInOpenMetrics) {
  const SnapshotBytes bytes(with_times(), 0,
                            {exemplar(0, 0, 2, false), exemplar(2, 0, 9), exemplar(3, 1, 0.75),
                             exemplar(3, 2, 30), exemplar(3, 7, 1)});
  const auto text = expose(bytes.view(), {}, Format::OpenMetrics);
  ASSERT_TRUE(text);
  const std::string behind(traced);
  EXPECT_THAT(*text,
              testing::HasSubstr("rows_total 5 # {trace_id=\"ab000000000000000000000000000001\"} 2 "
                                 "1764170000.250\nrows_total{table=\"b\"} 6\n"));
  EXPECT_THAT(*text, testing::HasSubstr("\ndepth 5\n")) << "a gauge has none";
  EXPECT_THAT(*text, testing::HasSubstr("le=\"0.5\"} 1\n"));
  EXPECT_THAT(*text, testing::HasSubstr("le=\"1.0\"} 2" + behind + "0.75 1764170000.250\n"));
  EXPECT_THAT(*text, testing::HasSubstr("le=\"+Inf\"} 4" + behind + "30 1764170000.250\n"));
  EXPECT_THAT(*text, testing::HasSubstr("wait_count{table=\"a\"} 4\n"));
  EXPECT_EQ(expose(bytes.view(), {}, Format::Text)->find("trace_id"), std::string::npos);
}

TEST(Exemplars, DoNotChangeWhereWritingStopsAndGoesOn) {
  const SnapshotBytes bytes(with_times(), 0,
                            {exemplar(0, 0, 2), exemplar(1, 0, 3), exemplar(3, 0, 0.25),
                             exemplar(3, 1, 0.75), exemplar(3, 2, 30)});
  const std::string whole = *expose(bytes.view(), {}, Format::OpenMetrics, true);
  const auto part = Snapshot::open(bytes.view());
  ASSERT_TRUE(part);
  for (std::size_t room_bytes = 700; room_bytes < 900; room_bytes += 7) {
    Catalog catalog(Format::OpenMetrics, true);
    Exposition exposition(*catalog.take(std::span(&*part, 1)), {}, Format::OpenMetrics);
    ASSERT_GE(exposition.size_max(), whole.size());
    std::string text;
    for (int turns = 0; !exposition.done() && turns < 100; ++turns) {
      std::string memory(room_bytes, '\0');
      Room room{memory.data(), memory.data() + memory.size()};
      ASSERT_TRUE(exposition.write(room));
      text.append(memory.data(), room.at);
    }
    EXPECT_EQ(text, whole) << room_bytes;
  }
}

// What the host might send if it were broken: nothing may lead outside.
TEST(Exemplars, InTheWrongOrderOrBeyondTheEndAreLeftOut) {
  const SnapshotBytes bytes(with_times(), 0,
                            {exemplar(3, 1, 0.75), exemplar(0, 0, 2), exemplar(99, 0, 9)});
  ASSERT_TRUE(expose(bytes.view(), {}, Format::OpenMetrics));
  SnapshotBytes outside(with_times());
  bp_metric_snapshot header{};
  std::memcpy(&header, outside.raw().data(), sizeof header);
  header.n_exemplars = 1'000'000;
  std::memcpy(outside.raw().data(), &header, sizeof header);
  EXPECT_FALSE(expose(outside.view(), {}, Format::OpenMetrics));
}

TEST(Snapshots, OfAnOlderHostHaveNeitherTimesNorExemplars) {
  SnapshotBytes bytes(with_times(), 0, {exemplar(0, 0, 2)});
  const std::uint32_t older = offsetof(bp_metric_snapshot, created_offset);
  std::memcpy(bytes.raw().data(), &older, sizeof older);
  const auto text = expose(bytes.view(), {}, Format::OpenMetrics, true);
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, testing::HasSubstr("rows_total 5\n"));
  EXPECT_EQ(text->find("_created"), std::string::npos);
  EXPECT_EQ(text->find("trace_id"), std::string::npos);
}

}  // namespace
}  // namespace metrics_prometheus
