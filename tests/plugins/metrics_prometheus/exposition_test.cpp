// tests/plugins/metrics_prometheus/exposition_test.cpp - both formats, line by line.
#include "exposition.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "backplane/cpp/utf8.hpp"

#include "snapshot_bytes.hpp"

namespace metrics_prometheus {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::string text(const std::vector<Family>& families) {
  return render(families, Format::Text);
}

std::string open(const std::vector<Family>& families) {
  return render(families, Format::OpenMetrics);
}

std::string number(double value) {
  std::string out;
  append_number(out, value);
  return out;
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

TEST(Exposition, NumbersAreShortAndExact) {
  EXPECT_EQ(number(0), "0");
  EXPECT_EQ(number(10'000), "10000");
  EXPECT_EQ(number(1'000'000'000), "1000000000");
  EXPECT_EQ(number(-2.5), "-2.5");
  EXPECT_EQ(number(1e30), "1e+30");
  EXPECT_EQ(number(infinity), "+Inf");
  EXPECT_EQ(number(-infinity), "-Inf");
  EXPECT_EQ(number(std::numeric_limits<double>::quiet_NaN()), "NaN");
}

RC_GTEST_PROP(Exposition, NumbersReadBackTheSame, (double value)) {
  const std::string written = number(value);
  double read = 0.0;
  const auto parsed = std::from_chars(written.data(), written.data() + written.size(), read);
  RC_ASSERT(parsed.ptr == written.data() + written.size());
  RC_ASSERT(read == value);
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

}  // namespace
}  // namespace metrics_prometheus
