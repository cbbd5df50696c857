// tests/host/slot/slot_test.cpp - an instance lives through the law's tables alone, as a
// plugin sees them.
#include <future>
#include <random>

#include <gtest/gtest.h>

#include "tests/host/slot/fixture.hpp"

namespace host::slot {
namespace {

using SlotLife = Instances;

TEST_F(SlotLife, LivesFromCreateToDestroy) {
  Actor& actor = add("a");
  EXPECT_FALSE(actor.create());
  EXPECT_FALSE(actor.operate(BP_EV_START));
  EXPECT_FALSE(actor.operate(BP_EV_STOP));
  EXPECT_TRUE(actor.slot->withdraw(far()));
  EXPECT_FALSE(actor.destroy());
  EXPECT_EQ(actor.script.destroyed, 1);
}

TEST_F(SlotLife, AThrowInCreateIsAPanicAndNotACrash) {
  Actor& actor = add("a");
  actor.script.throw_in_create = true;
  const auto error = actor.create();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), BP_E_PANIC);
  EXPECT_NE(error->text().find("scripted"), std::string::npos);
}

TEST_F(SlotLife, AMissedDeadlineIsANamedFailureAndALateCompleteIsStale) {
  Actor& actor = add("a");
  ASSERT_FALSE(actor.create());
  std::promise<bp_op> seen;
  actor.script.on_event = [&](const bp_event& event) { seen.set_value(event.handle); };
  const auto error = actor.operate(BP_EV_START, runtime::now_ns() + 20'000'000);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), BP_E_TIMEOUT);
  EXPECT_NE(error->text().find("START"), std::string::npos);
  EXPECT_EQ(actor.core()->complete(actor.host(), seen.get_future().get(), BP_OK, nullptr),
            BP_E_STALE);
}

TEST_F(SlotLife, CallsOutOfStateAreRefusedWithTheStatesName) {
  Actor& actor = running("a");
  EXPECT_TRUE(actor.slot->withdraw(far()));
  bp_chan_desc desc = Actor::desc("c", BP_KIND_QUEUE, BP_DIR_SEND);
  bp_chan out = 0;
  bp_error error{};
  error.struct_size = sizeof error;
  EXPECT_EQ(actor.chan()->open(actor.host(), actor.instance(), &desc, 1, &out, &error), BP_E_STATE);
  EXPECT_NE(std::string(error.text).find("stopped"), std::string::npos);
  EXPECT_EQ(actor.core()->post(actor.host(), actor.instance(), 1), BP_E_STATE);
  EXPECT_EQ(actor.core()->post(actor.host(), actor.instance() + 1, 1), BP_E_STALE);
}

TEST_F(SlotLife, NothingIsSentAfterStopWasCompletedEvenBeforeTheHostWithdraws) {
  Actor& actor = running("a");
  const bp_chan out = actor.open("c", BP_KIND_BROADCAST, BP_DIR_SEND, 8);
  bp_buf early{};
  ASSERT_EQ(actor.chan()->reserve(actor.host(), out, 5, &early), BP_OK);
  ASSERT_FALSE(actor.operate(BP_EV_STOP));
  bp_buf late{};
  EXPECT_EQ(actor.chan()->reserve(actor.host(), out, 5, &late), BP_E_STALE);
  EXPECT_EQ(actor.chan()->send(actor.host(), out, &early), BP_E_STALE);
  EXPECT_EQ(actor.core()->post(actor.host(), actor.instance(), 1), BP_E_STATE);
}

TEST_F(SlotLife, RandomMisuseIsAnsweredWithCodesOnly) {
  Actor& actor = running("a");
  const bp_chan out = actor.open("c", BP_KIND_QUEUE, BP_DIR_SEND, 1);
  std::mt19937_64 random(7);
  bp_buf real{};
  ASSERT_EQ(actor.core()->alloc(actor.host(), actor.instance(), 64, &real), BP_OK);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t forged =
        random() % 3 == 0 ? random()
                          : (random() % 2 == 0 ? out : real.lease) ^ (1ULL << random() % 64);
    bp_buf buf = real;
    buf.lease = forged;
    EXPECT_LT(actor.chan()->send(actor.host(), forged, &buf), 0);
    EXPECT_LT(actor.chan()->release(actor.host(), &buf), 0);
    EXPECT_LT(actor.chan()->ack(actor.host(), &buf), 0);
    EXPECT_LT(actor.chan()->close(actor.host(), forged), 0);
    EXPECT_LT(actor.svc()->cancel(actor.host(), forged), 0);
    EXPECT_LT(actor.svc()->reply(actor.host(), forged, BP_OK, nullptr, nullptr), 0);
    EXPECT_LT(actor.core()->complete(actor.host(), forged, BP_OK, nullptr), 0);
    EXPECT_LT(actor.core()->cancel_timer(actor.host(), forged), 0);
  }
  EXPECT_EQ(actor.chan()->release(actor.host(), &real), BP_OK);
}

}  // namespace
}  // namespace host::slot
