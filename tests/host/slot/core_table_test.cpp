// tests/host/slot/core_table_test.cpp - bp.core/1: timers, posts and jobs.
#include <future>

#include <gtest/gtest.h>

#include "tests/host/slot/fixture.hpp"

namespace host::slot {
namespace {

using SlotCore = Instances;

TEST_F(SlotCore, TimersAndPostsReachTheStrand) {
  Actor& actor = running("a");
  std::promise<void> all;
  int left = 3;
  actor.script.on_event = [&](const bp_event& event) {
    const bool wanted = (event.type == BP_EV_TIMER && event.token == 11) ||
                        (event.type == BP_EV_POSTED && event.token == 12) ||
                        (event.type == BP_EV_WORK_DONE && event.token == 13);
    if (wanted && --left == 0) {
      all.set_value();
    }
  };
  bp_timer timer = 0;
  EXPECT_EQ(actor.core()->timer(actor.host(), actor.instance(), runtime::now_ns() + 1'000'000, 0,
                                11, &timer),
            BP_OK);
  EXPECT_EQ(actor.core()->post(actor.host(), actor.instance(), 12), BP_OK);
  EXPECT_EQ(
      actor.core()->run_blocking(actor.host(), actor.instance(), [](void*) {}, nullptr, 13), BP_OK);
  all.get_future().wait();
}

TEST_F(SlotCore, NowhereToAnswerToIsAnError) {
  Actor& actor = running("a");
  const bp_str name{"instance.id", 11};
  EXPECT_EQ(actor.core()->config(actor.host(), actor.instance(), nullptr), BP_E_INVALID);
  EXPECT_EQ(actor.core()->property(actor.host(), actor.instance(), &name, nullptr), BP_E_INVALID);
  EXPECT_EQ(actor.core()->alloc(actor.host(), actor.instance(), 1, nullptr), BP_E_INVALID);
  EXPECT_EQ(actor.core()->run_blocking(actor.host(), actor.instance(), nullptr, nullptr, 1),
            BP_E_INVALID);
  EXPECT_EQ(actor.svc()->require(actor.host(), actor.instance(), &name, 1, 0, BP_REQUIRE_OPTIONAL,
                                 nullptr, nullptr),
            BP_E_INVALID);
}

}  // namespace
}  // namespace host::slot
