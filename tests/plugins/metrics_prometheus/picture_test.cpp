// tests/plugins/metrics_prometheus/picture_test.cpp - families as values, as far as wanted.
#include "picture.hpp"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "snapshot_bytes.hpp"

namespace metrics_prometheus {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

class PictureTest : public testing::Test {
 protected:
  PictureTest() {
    Series wait = series({{"l", "x"}}, 0.0);
    wait.sum = 1.5;
    wait.count = 3;
    wait.buckets = {{0.5, 1}, {infinity, 3}};
    bytes_ = std::make_unique<SnapshotBytes>(std::vector<Family>{
        family(BP_METRIC_COUNTER, "a", {series({{"l", "x"}}, 1), series({{"l", "y"}}, 2)}),
        family(BP_METRIC_GAUGE, "b", {series({}, infinity)}),
        family(BP_METRIC_HISTOGRAM, "c", {wait})});
    parts_ = {*Snapshot::open(bytes_->view())};
  }

  std::string json(const Wanted& wanted, std::span<const Family> own = {}) {
    return to_json(*take_picture(parts_, own, wanted));
  }

  std::unique_ptr<SnapshotBytes> bytes_;
  std::vector<Snapshot> parts_;
};

TEST_F(PictureTest, EveryKindIsThere) {
  const std::vector<Family> own{family(BP_METRIC_INFO, "build", {series({{"v", "1"}}, 0)}),
                                family(BP_METRIC_GAUGE, "a", {series({}, 9)})};
  EXPECT_EQ(json({}, own),
            R"({"unix_time_ms":0,"families":[)"
            R"({"kind":"counter","name":"a","unit":"","series":[)"
            R"({"labels":{"l":"x"},"value":1},{"labels":{"l":"y"},"value":2}]},)"
            R"({"kind":"gauge","name":"b","unit":"","series":[{"labels":{},"value":"+Inf"}]},)"
            R"({"kind":"info","name":"build","unit":"","series":[{"labels":{"v":"1"},"value":1}]},)"
            R"({"kind":"histogram","name":"c","unit":"","series":[)"
            R"({"labels":{"l":"x"},"sum":1.5,"count":3,"buckets":[[0.5,1]]}]}]})");
}

TEST_F(PictureTest, ItIsGivenInPiecesOfWholeFamilies) {
  std::string after;
  std::vector<std::string> names;
  do {
    const auto picture = take_picture(parts_, {}, {"", after, 2});
    ASSERT_TRUE(picture);
    for (const auto& family : picture->families) {
      names.push_back(family->name);
    }
    after = picture->next;
    names.push_back("|");
  } while (!after.empty());
  EXPECT_THAT(names, testing::ElementsAre("a", "|", "b", "c", "|"));
  EXPECT_EQ(take_picture(parts_, {}, {"c", "", 0})->families.size(), 1U);
}

}  // namespace
}  // namespace metrics_prometheus
