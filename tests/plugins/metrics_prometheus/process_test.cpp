// tests/plugins/metrics_prometheus/process_test.cpp - /proc is read as proc(5) says.
#include "process.hpp"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#if defined(__linux__)
#include <fcntl.h>
#include <unistd.h>
#endif

namespace metrics_prometheus {
namespace {

constexpr SystemUnits units{
    .ticks_per_second = 100.0, .boot_time_seconds = 1'000.0, .page_bytes = 4'096};

TEST(Process, ReadsTheFieldsOfStat) {
  const auto facts = parse_stat(
      "42 (back) plane (x)) S 1 42 42 0 -1 4194560 100 0 5 0 250 50 0 0 20 0 7 0 12345 "
      "104857600 2560 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0\n",
      units);
  ASSERT_TRUE(facts);
  EXPECT_DOUBLE_EQ(facts->cpu_seconds, 3.0);
  EXPECT_DOUBLE_EQ(facts->start_time_seconds, 1'123.45);
  EXPECT_EQ(facts->threads, 7U);
  EXPECT_EQ(facts->virtual_memory_bytes, 104'857'600U);
  EXPECT_EQ(facts->resident_memory_bytes, 2'560U * 4'096U);
}

TEST(Process, RefusesWhatIsNotStat) {
  for (const char* text : {"", "42 backplane S 1", "42 (x) S 1 2 3", "42 (x)"}) {
    EXPECT_FALSE(parse_stat(text, units)) << text;
  }
}

TEST(Process, FamiliesHaveTheNamesThatPrometheusKnows) {
  const auto families = process_families({.cpu_seconds = 1.5, .open_fds = 9});
  EXPECT_TRUE(std::ranges::is_sorted(families, {}, &Family::name));
  EXPECT_EQ(families.front().name, "process_cpu_seconds");
  EXPECT_EQ(families.front().kind, std::uint32_t{BP_METRIC_COUNTER});
  EXPECT_EQ(families.front().series.at(0).value, 1.5);
  const auto fds = std::ranges::find(families, "process_open_fds", &Family::name);
  ASSERT_NE(fds, families.end());
  EXPECT_EQ(fds->series.at(0).value, 9.0);
}

#if defined(__linux__)
TEST(Process, ReadsThisProcess) {
  const auto before = read_process();
  ASSERT_TRUE(before);
  EXPECT_GT(before->resident_memory_bytes, 100'000U);
  EXPECT_GE(before->threads, 1U);
  EXPECT_GT(before->start_time_seconds, 1.7e9);
  EXPECT_GE(before->max_fds, before->open_fds);
  const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(read_process()->open_fds, before->open_fds + 1);
  ::close(fd);
}
#endif

}  // namespace
}  // namespace metrics_prometheus
