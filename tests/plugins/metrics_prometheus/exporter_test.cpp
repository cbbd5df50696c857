// tests/plugins/metrics_prometheus/exporter_test.cpp - own families take their place among the
// host's.
#include "exporter.hpp"

#include <gtest/gtest.h>

#include "snapshot_bytes.hpp"

namespace metrics_prometheus {
namespace {

TEST(Exporter, FamiliesAreOrderedByName) {
  const SnapshotBytes bytes({family(BP_METRIC_GAUGE, "a", {series({}, 1)}),
                             family(BP_METRIC_GAUGE, "z", {series({}, 2)})});
  const std::vector<Family> own{build_info("1.2.3")};
  const auto text = expose(bytes.view(), own, Format::Text);
  ASSERT_TRUE(text);
  EXPECT_EQ(*text,
            "# HELP a Help.\n# TYPE a gauge\na 1\n"
            "# HELP backplane_build_info Always 1; the labels say which build this is.\n"
            "# TYPE backplane_build_info gauge\nbackplane_build_info{version=\"1.2.3\"} 1\n"
            "# HELP z Help.\n# TYPE z gauge\nz 2\n");
}

TEST(Exporter, TheHostsFamilyStandsBeforeOurs) {
  const SnapshotBytes bytes({family(BP_METRIC_GAUGE, "process_threads", {series({}, 5)})});
  const std::vector<Family> own{family(BP_METRIC_GAUGE, "process_threads", {series({}, 9)})};
  const auto text = expose(bytes.view(), own, Format::Text);
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("process_threads 5\n"), std::string::npos);
  EXPECT_EQ(text->find("process_threads 9\n"), std::string::npos);
}

TEST(Exporter, ADamagedSnapshotIsAnErrorAsAWhole) {
  const auto text = expose({}, {}, Format::Text);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code(), BP_E_CORRUPT);
}

}  // namespace
}  // namespace metrics_prometheus
