// tests/host/slot/extension_tables_test.cpp - state goes from one life to the
// next; snapshots of metrics are leases.
#include <array>
#include <cstring>

#include <gtest/gtest.h>

#include "tests/host/slot/fixture.hpp"

namespace host::slot {
namespace {

using SlotExtensions = Instances;

TEST_F(SlotExtensions, StateIsHandedFromOneLifeToTheNext) {
  Actor& old = running("old");
  old.script.on_event = [&](const bp_event& event) {
    if (event.type == BP_EV_SAVE) {
      const bp_str key{"count", 5};
      EXPECT_EQ(old.state()->put(old.host(), event.handle, &key, BP_STATE_PORTABLE, "42", 2),
                BP_OK);
      old.core()->complete(old.host(), event.handle, BP_OK, nullptr);
      EXPECT_EQ(old.state()->put(old.host(), event.handle, &key, 0, "43", 2), BP_E_STALE);
    }
  };
  ASSERT_FALSE(old.operate(BP_EV_SAVE));
  Actor& next = add("next");
  ASSERT_FALSE(next.create());
  next.slot->set_saved(old.slot->take_saved());
  std::string restored;
  next.script.on_event = [&](const bp_event& event) {
    const bp_str key{"count", 5};
    const bp_str none{"none", 4};
    bp_str value{};
    EXPECT_EQ(next.state()->get(next.host(), event.handle, &none, &value), BP_E_NOT_FOUND);
    if (next.state()->get(next.host(), event.handle, &key, &value) == BP_OK) {
      restored.assign(value.ptr, value.len);
    }
    next.core()->complete(next.host(), event.handle, BP_OK, nullptr);
  };
  ASSERT_FALSE(next.operate(BP_EV_RESTORE));
  EXPECT_EQ(restored, "42");
}

TEST_F(SlotExtensions, SnapshotsInPartsAreLeasesAndAllOrNone) {
  Permissions asks{{"*"}, {"*"}, {"*"}, {"*"}, {"*"}};
  Actor& exporter = add("exporter", asks);
  exporter.run();
  Actor& other = running("other");
  const bp_metric_api* metric = exporter.metric();
  ASSERT_NE(metric, nullptr);
  ASSERT_GE(metric->struct_size, sizeof(bp_metric_api));
  const bp_inst self = exporter.script.instance;
  std::array<bp_buf, 4> parts{};
  std::uint32_t count = 99;
  EXPECT_EQ(metric->snapshot_parts(exporter.host(), self, 0, parts.data(), 4, &count), BP_OK);
  ASSERT_EQ(count, 1U);
  bp_metric_snapshot header{};
  ASSERT_GE(parts[0].size, sizeof header);
  std::memcpy(&header, parts[0].data, sizeof header);
  EXPECT_EQ(header.struct_size, sizeof header);
  EXPECT_GT(header.shape, 0U);
  EXPECT_EQ(exporter.chan()->release(exporter.host(), parts.data()), BP_OK);

  EXPECT_EQ(metric->snapshot_parts(exporter.host(), self, 0, parts.data(), 0, &count),
            BP_E_TOO_LARGE);
  EXPECT_EQ(metric->snapshot_parts(exporter.host(), self, 0, nullptr, 4, &count), BP_E_INVALID);
  EXPECT_EQ(metric->snapshot_parts(exporter.host(), self + 1, 0, parts.data(), 4, &count),
            BP_E_STALE);
  EXPECT_EQ(metric->snapshot_parts(other.host(), other.script.instance, 0, parts.data(), 4, &count),
            BP_E_PERMISSION);
}

TEST_F(SlotExtensions, AnExemplarIsOfTheInstancesOwnCells) {
  Actor& one = running("one");
  Actor& other = running("other");
  const bp_metric_api* metric = one.metric();
  bp_metric_desc desc{};
  desc.struct_size = sizeof desc;
  desc.kind = BP_METRIC_COUNTER;
  desc.name = {"rows", 4};
  bp_family family = 0;
  ASSERT_EQ(metric->define(one.host(), one.instance(), &desc, &family, nullptr), BP_OK);
  bp_metric_cell* cell = nullptr;
  ASSERT_EQ(metric->bind(one.host(), one.instance(), family, nullptr, 0, &cell), BP_OK);
  const std::array<std::uint8_t, BP_TRACE_CONTEXT_BYTES> trace{1};
  EXPECT_EQ(metric->exemplar(one.host(), one.instance(), cell, 1, trace.data()), BP_OK);
  EXPECT_EQ(metric->exemplar(one.host(), one.instance(), cell, 1, nullptr), BP_E_INVALID);
  EXPECT_EQ(metric->exemplar(one.host(), one.instance() + 1, cell, 1, trace.data()), BP_E_STALE);
  EXPECT_EQ(metric->exemplar(other.host(), other.instance(), cell, 1, trace.data()), BP_E_STALE);
  for (const metric::Family& shown : stage_.metrics.collect()) {
    if (shown.name == "rows") {
      EXPECT_EQ(shown.series.at(0).exemplars.size(), 1U);
    }
  }
}

}  // namespace
}  // namespace host::slot
