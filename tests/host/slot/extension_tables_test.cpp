// tests/host/slot/extension_tables_test.cpp - state goes from one life to the next.
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

}  // namespace
}  // namespace host::slot
