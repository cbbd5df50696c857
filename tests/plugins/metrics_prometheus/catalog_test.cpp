// tests/plugins/metrics_prometheus/catalog_test.cpp - what is known stays true from snapshot to
// snapshot.
#include "catalog.hpp"

#include <string>

#include <gtest/gtest.h>

#include "exposed.hpp"
#include "snapshot_bytes.hpp"

namespace metrics_prometheus {
namespace {

class CatalogTest : public testing::Test {
 protected:
  // The text, or the error's code.
  std::string told(const std::vector<const SnapshotBytes*>& parts) {
    std::vector<Snapshot> snapshots;
    for (const SnapshotBytes* part : parts) {
      snapshots.push_back(*Snapshot::open(part->view()));
    }
    auto pieces = catalog_.take(snapshots);
    if (!pieces) {
      return std::to_string(pieces.error().code());
    }
    return *written(Exposition(std::move(*pieces), {}, Format::Text));
  }

  Catalog catalog_{Format::Text};
};

const std::string corrupt = std::to_string(BP_E_CORRUPT);

TEST_F(CatalogTest, NumbersAloneAreEnoughForWhatIsKnown) {
  const SnapshotBytes first(
      {family(BP_METRIC_COUNTER, "a", {series({{"l", "x"}}, 1), series({{"l", "y"}}, 2)})}, 3);
  const std::string head = "# HELP a_total Help.\n# TYPE a_total counter\n";
  EXPECT_EQ(told({&first}), head + "a_total{l=\"x\"} 1\na_total{l=\"y\"} 2\n");
  EXPECT_EQ(catalog_.shape(), 3U);
  const SnapshotBytes second({family(BP_METRIC_COUNTER, "a", {series({}, 5), series({}, 6)})}, 3);
  EXPECT_EQ(told({&second}), head + "a_total{l=\"x\"} 5\na_total{l=\"y\"} 6\n");
  const SnapshotBytes third({family(BP_METRIC_COUNTER, "a", {series({{"l", "z"}}, 7)})}, 4);
  EXPECT_EQ(told({&third}), head + "a_total{l=\"z\"} 7\n");
}

TEST_F(CatalogTest, AFamilyThatIsCutInTwoIsOne) {
  const SnapshotBytes first({family(BP_METRIC_GAUGE, "a", {series({}, 0)}),
                             family(BP_METRIC_GAUGE, "b", {series({{"l", "x"}}, 1)})},
                            3);
  const SnapshotBytes second({family(BP_METRIC_GAUGE, "b", {series({{"l", "y"}}, 2)})}, 3);
  const std::string head = "# HELP a Help.\n# TYPE a gauge\na 0\n# HELP b Help.\n# TYPE b gauge\n";
  EXPECT_EQ(told({&first, &second}), head + "b{l=\"x\"} 1\nb{l=\"y\"} 2\n");
  const SnapshotBytes later({family(BP_METRIC_GAUGE, "a", {series({}, 3)}),
                             family(BP_METRIC_GAUGE, "b", {series({}, 4), series({}, 5)})},
                            3);
  EXPECT_EQ(told({&later}),
            "# HELP a Help.\n# TYPE a gauge\na 3\n# HELP b Help.\n# TYPE b gauge\n"
            "b{l=\"x\"} 4\nb{l=\"y\"} 5\n");
}

TEST_F(CatalogTest, OtherNumbersThanWereToldAreCorruptAndNothingIsKnownThen) {
  const SnapshotBytes first({family(BP_METRIC_GAUGE, "a", {series({}, 1)})}, 3);
  const SnapshotBytes more({family(BP_METRIC_GAUGE, "a", {series({}, 1), series({}, 2)})}, 3);
  EXPECT_NE(told({&first}), corrupt);
  EXPECT_EQ(told({&more}), corrupt);
  EXPECT_EQ(catalog_.shape(), 0U);
  EXPECT_NE(told({&more}), corrupt) << "told in full";
}

TEST_F(CatalogTest, WhatIsGoneIsForgotten) {
  const SnapshotBytes first({family(BP_METRIC_GAUGE, "a", {series({}, 1)}),
                             family(BP_METRIC_GAUGE, "b", {series({}, 1)})},
                            3);
  const SnapshotBytes less({family(BP_METRIC_GAUGE, "a", {series({}, 1)})}, 3);
  EXPECT_NE(told({&first}), corrupt);
  EXPECT_EQ(catalog_.families(), 2U);
  EXPECT_NE(told({&less}), corrupt);
  EXPECT_EQ(catalog_.families(), 1U);
}

TEST_F(CatalogTest, AHostWithoutShapesIsReadAnewEachTime) {
  const SnapshotBytes first({family(BP_METRIC_GAUGE, "a", {series({{"l", "x"}}, 1)})});
  const SnapshotBytes second({family(BP_METRIC_GAUGE, "a", {series({{"l", "y"}}, 2)})});
  EXPECT_NE(told({&first}).find("l=\"x\""), std::string::npos);
  EXPECT_NE(told({&second}).find("l=\"y\""), std::string::npos);
}

}  // namespace
}  // namespace metrics_prometheus
