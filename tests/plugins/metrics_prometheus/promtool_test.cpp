// tests/plugins/metrics_prometheus/promtool_test.cpp - Prometheus's own checker finds nothing to
// say.
#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#if defined(__linux__)
#include <unistd.h>
#endif

#include "exposed.hpp"
#include "process.hpp"
#include "snapshot_bytes.hpp"

namespace metrics_prometheus {
namespace {

// The series that the README promises, with values that are hard to write.
std::vector<Family> promised() {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Series calls = series({{"service", "bp.storage.records/1"}, {"method", "Insert"}}, 0.0);
  calls.buckets = {{0.001, 4}, {1.0, 9}, {infinity, 10}};
  calls.sum = 1.25;
  calls.count = 10;
  Series turns = calls;
  turns.labels = {{"plugin", "ws"}};
  const std::vector<Label> channel{{"channel", "events"}};
  return {
      family(BP_METRIC_COUNTER, "backplane_channel_delivered", {series(channel, 2e9)}),
      family(BP_METRIC_COUNTER, "backplane_channel_dropped",
             {series({{"channel", "q\"\\\n\xFF"}, {"reason", "full"}}, 1)}),
      family(BP_METRIC_COUNTER, "backplane_channel_published", {series(channel, 1e30)}),
      family(BP_METRIC_GAUGE, "backplane_channel_queue_depth", {series(channel, 0)}),
      family(BP_METRIC_COUNTER, "backplane_log_dropped", {series({}, 0)}),
      family(BP_METRIC_COUNTER, "backplane_metric_overflow", {series({{"family", "x"}}, 3)}),
      family(BP_METRIC_COUNTER, "backplane_metric_refused", {series({{"plugin", "x"}}, 3)}),
      family(BP_METRIC_INFO, "backplane_plugin",
             {series({{"plugin", "ws"}, {"id", "org.example.ws"}, {"version", "1.0"}}, 1)}),
      family(BP_METRIC_COUNTER, "backplane_plugin_events", {series({{"plugin", "ws"}}, 3)}),
      family(BP_METRIC_COUNTER, "backplane_plugin_restarts", {series({{"plugin", "ws"}}, 3)}),
      family(BP_METRIC_GAUGE, "backplane_plugin_state",
             {series({{"plugin", "ws"}, {"state", "running"}}, 1)}),
      family(BP_METRIC_GAUGE, "backplane_plugin_state_since_seconds",
             {series({{"plugin", "ws"}}, 1.5)}, "seconds"),
      family(BP_METRIC_HISTOGRAM, "backplane_plugin_turn_seconds", {turns}, "seconds"),
      family(BP_METRIC_HISTOGRAM, "backplane_service_call_seconds", {calls}, "seconds"),
      family(BP_METRIC_COUNTER, "backplane_service_calls",
             {series({{"service", "a"}, {"method", "b"}, {"status", "OK"}}, 1)}),
      family(BP_METRIC_COUNTER, "backplane_wire_messages",
             {series({{"wire", "store"}, {"result", "acknowledged"}}, 1)}),
      family(BP_METRIC_GAUGE, "shop_temperature_celsius",
             {series({{"room", "a"}}, -infinity),
              series({{"room", "b"}}, std::numeric_limits<double>::quiet_NaN())}),
  };
}

#if defined(__linux__)
TEST(Promtool, ChecksTheWholeExpositionWithoutAComplaint) {
  if (std::string(PROMTOOL).empty()) {
    GTEST_SKIP() << "promtool is not installed (Debian package: prometheus)";
  }
  std::vector<Family> own = process_families(read_process().value());
  own.push_back(build_info("0.1.0"));
  const auto text = expose(SnapshotBytes(promised()).view(), own, Format::Text);
  ASSERT_TRUE(text);
  const auto file = std::filesystem::temp_directory_path() /
                    ("backplane_promtool_" + std::to_string(::getpid()) + ".txt");
  std::ofstream(file) << *text;
  const std::string command =
      std::string(PROMTOOL) + " check metrics < '" + file.string() + "' 2>&1";
  std::FILE* pipe = ::popen(command.c_str(), "r");  // NOLINT(cert-env33-c): a fixed program
  ASSERT_NE(pipe, nullptr);
  std::string said;
  std::array<char, 512> part{};
  for (std::size_t n = 0; (n = std::fread(part.data(), 1, part.size(), pipe)) > 0;) {
    said.append(part.data(), n);
  }
  EXPECT_EQ(::pclose(pipe), 0);
  EXPECT_EQ(said, "") << *text;
  std::filesystem::remove(file);
}
#endif

// A line of a sample: name, labels, value, and behind some an exemplar.
void expect_sample(const std::string& line, const std::string& family) {
  static const std::regex sample(
      R"re(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[^}]*\})? (\S+)( # (\{[^}]*\}) (\S+) (\d+\.\d{3}))?)re");
  std::smatch parts;
  ASSERT_TRUE(std::regex_match(line, parts, sample)) << line;
  const std::string suffix = parts[1].str().substr(family.size());
  const bool may_have_exemplar = suffix == "_bucket" || suffix == "_total";
  EXPECT_TRUE(may_have_exemplar || !parts[4].matched) << line;
  if (parts[4].matched) {
    static const std::regex labels(R"re(\{trace_id="[0-9a-f]{32}"(,span_id="[0-9a-f]{16}")?\})re");
    EXPECT_TRUE(std::regex_match(parts[5].str(), labels)) << line;
  }
  if (suffix == "_created") {
    EXPECT_TRUE(std::regex_match(parts[3].str(), std::regex(R"(\d+\.\d{3})"))) << line;
  }
}

// The rules of OpenMetrics 1.0 that promtool does not look at.
void expect_open_metrics(const std::string& text, std::size_t families) {
  EXPECT_TRUE(text.ends_with("\n# EOF\n"));
  std::istringstream lines(text);
  std::string family_name;
  std::vector<std::string> seen;
  for (std::string line; std::getline(lines, line);) {
    ASSERT_FALSE(line.empty());
    if (line.starts_with("# HELP ")) {
      family_name = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_EQ(std::ranges::count(seen, family_name), 0) << "interleaved or twice";
      seen.push_back(family_name);
    } else if (line.starts_with("# ")) {
      EXPECT_TRUE(line == "# EOF" || line.substr(7).starts_with(family_name + " ")) << line;
    } else {
      ASSERT_TRUE(line.starts_with(family_name)) << line;
      expect_sample(line, family_name);
    }
  }
  EXPECT_EQ(seen.size(), families);
}

TEST(OpenMetrics, FamiliesAreWholeAndTheLastLineIsEof) {
  expect_open_metrics(*render(promised(), Format::OpenMetrics), promised().size());
}

TEST(OpenMetrics, TimesOfCreationAndExemplarsStandWhereTheyMay) {
  std::vector<Family> families = promised();
  std::vector<bp_metric_exemplar> exemplars;
  std::uint32_t number = 0;
  for (Family& family : families) {
    for (Series& series : family.series) {
      series.created_unix_ns = 1'764'170'000'000'000'000;
      exemplars.push_back(exemplar(number++, 0, 0.0005));
    }
  }
  const auto text =
      expose(SnapshotBytes(families, 0, exemplars).view(), {}, Format::OpenMetrics, true);
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("_created"), std::string::npos);
  EXPECT_NE(text->find("trace_id"), std::string::npos);
  expect_open_metrics(*text, families.size());
}

}  // namespace
}  // namespace metrics_prometheus
