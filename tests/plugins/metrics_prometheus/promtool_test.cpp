// tests/plugins/metrics_prometheus/promtool_test.cpp - Prometheus's own checker finds nothing to
// say.
#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
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

// The rules of OpenMetrics 1.0 that promtool does not look at.
TEST(OpenMetrics, FamiliesAreWholeAndTheLastLineIsEof) {
  const std::string text = *render(promised(), Format::OpenMetrics);
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
      EXPECT_TRUE(line.starts_with(family_name)) << line;
    }
  }
  EXPECT_EQ(seen.size(), promised().size());
}

}  // namespace
}  // namespace metrics_prometheus
