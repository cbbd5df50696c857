// tests/host/slot/dispatch_test.cpp - batches: what a handler throws, what comes after STOP.
#include <gtest/gtest.h>

#include "tests/host/slot/fixture.hpp"

namespace host::slot {
namespace {

class SlotDispatch : public Instances {
 protected:
  static void send(const Actor& from, bp_chan out) {
    bp_buf buf{};
    ASSERT_EQ(from.chan()->reserve(from.host(), out, 5, &buf), BP_OK);
    ASSERT_EQ(from.chan()->send(from.host(), out, &buf), BP_OK);
  }
};

TEST_F(SlotDispatch, AThrowInAHandlerIsReportedAndTheOperationFails) {
  Actor& actor = add("a");
  ASSERT_FALSE(actor.create());
  actor.script.on_event = [](const bp_event&) { throw std::runtime_error("boom"); };
  const auto error = actor.operate(BP_EV_START);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), BP_E_PANIC);
  EXPECT_EQ(actor.faults.get_future().get().code(), BP_E_PANIC);
}

TEST_F(SlotDispatch, WhatWaitsForTheNextTurnAndHowLongTurnsTookIsKnown) {
  Actor& actor = running("a");
  const std::uint64_t before = actor.slot->counts().turns.counts().count();
  std::promise<void> inside;
  std::promise<void> leave;
  actor.script.on_event = [&](const bp_event& event) {
    if (event.type < BP_EV_MESSAGE) {
      actor.core()->complete(actor.host(), event.handle, BP_OK, nullptr);
    } else if (event.token == 1) {
      inside.set_value();
      leave.get_future().wait();
    }
  };
  ASSERT_EQ(actor.core()->post(actor.host(), actor.instance(), 1), BP_OK);
  inside.get_future().wait();
  ASSERT_EQ(actor.core()->post(actor.host(), actor.instance(), 2), BP_OK);
  ASSERT_EQ(actor.core()->post(actor.host(), actor.instance(), 3), BP_OK);
  EXPECT_EQ(actor.slot->waiting(), 2U);
  leave.set_value();
  ASSERT_FALSE(actor.operate(BP_EV_SAVE));
  ASSERT_FALSE(actor.operate(BP_EV_SAVE)) << "in a turn after that of the others";
  EXPECT_EQ(actor.slot->waiting(), 0U);
  EXPECT_GT(actor.slot->counts().turns.counts().count(), before);
}

TEST_F(SlotDispatch, NoEventComesAfterStopWasCompleted) {
  Actor& actor = running("a");
  std::promise<void> inside;
  std::promise<void> leave;
  std::vector<std::uint16_t> seen;
  actor.script.on_event = [&](const bp_event& event) {
    if (event.type == BP_EV_POSTED && event.token == 1) {
      inside.set_value();
      leave.get_future().wait();
      return;
    }
    seen.push_back(event.type);
    if (event.type < BP_EV_MESSAGE) {
      actor.core()->complete(actor.host(), event.handle, BP_OK, nullptr);
    }
  };
  ASSERT_EQ(actor.core()->post(actor.host(), actor.instance(), 1), BP_OK);
  inside.get_future().wait();
  ASSERT_EQ(actor.core()->post(actor.host(), actor.instance(), 2), BP_OK);
  std::promise<void> stopped;
  actor.slot->begin(BP_EV_STOP, far(),
                    [&](const std::optional<error::Error>&) { stopped.set_value(); });
  leave.set_value();
  stopped.get_future().wait();
  ASSERT_FALSE(actor.operate(BP_EV_SAVE)) << "its strand runs once more";
  EXPECT_EQ(seen, (std::vector<std::uint16_t>{BP_EV_STOP, BP_EV_SAVE}));
}

TEST_F(SlotDispatch, EventsGoOnUntilStopIsCompleted) {
  Actor& actor = running("a");
  std::vector<std::uint16_t> seen;
  bp_op stopping = 0;
  actor.script.on_event = [&](const bp_event& event) {
    seen.push_back(event.type);
    if (event.type == BP_EV_STOP) {
      stopping = event.handle;
      actor.core()->post(actor.host(), actor.instance(), 1);
    } else {
      actor.core()->complete(actor.host(), stopping, BP_OK, nullptr);
    }
  };
  ASSERT_FALSE(actor.operate(BP_EV_STOP));
  EXPECT_EQ(seen, (std::vector<std::uint16_t>{BP_EV_STOP, BP_EV_POSTED}));
}

TEST_F(SlotDispatch, AMessageStaysInItsQueueWhileStopIsNotCompleted) {
  Actor& from = running("from");
  Actor& to = running("to");
  ASSERT_NE(to.open("c", BP_KIND_QUEUE, BP_DIR_RECEIVE, 7), 0U);
  const bp_chan out = from.open("c", BP_KIND_QUEUE, BP_DIR_SEND, 8);
  int messages = 0;
  bp_op stopping = 0;
  to.script.on_event = [&](const bp_event& event) {
    messages += event.type == BP_EV_MESSAGE ? 1 : 0;
    if (event.type == BP_EV_STOP) {
      stopping = event.handle;
      send(from, out);
      to.core()->post(to.host(), to.instance(), 1);
    } else if (event.type == BP_EV_POSTED && event.token == 1) {
      to.core()->post(to.host(), to.instance(), 2);
    } else if (event.type == BP_EV_POSTED) {
      to.core()->complete(to.host(), stopping, BP_OK, nullptr);
    }
  };
  ASSERT_FALSE(to.operate(BP_EV_STOP));
  EXPECT_EQ(messages, 0);
  EXPECT_EQ(stage_.registry.find_channel("c")->channel->stats().depth, 1U);
}

TEST_F(SlotDispatch, AMessageAfterAStartThatFailedStaysInItsQueue) {
  Actor& from = running("from");
  const bp_chan out = from.open("c", BP_KIND_QUEUE, BP_DIR_SEND, 8);
  send(from, out);
  Actor& to = add("to");
  ASSERT_FALSE(to.create());
  int messages = 0;
  to.script.on_event = [&](const bp_event& event) {
    messages += event.type == BP_EV_MESSAGE ? 1 : 0;
    if (event.type == BP_EV_START) {
      to.open("c", BP_KIND_QUEUE, BP_DIR_RECEIVE, 7);
    }
    if (event.type < BP_EV_MESSAGE) {
      const bp_status status = event.type == BP_EV_START ? BP_E_CONFIG : BP_OK;
      to.core()->complete(to.host(), event.handle, status, nullptr);
    }
  };
  ASSERT_TRUE(to.operate(BP_EV_START));
  ASSERT_FALSE(to.operate(BP_EV_SAVE)) << "its strand runs once more";
  EXPECT_EQ(messages, 0);
  EXPECT_EQ(stage_.registry.find_channel("c")->channel->stats().depth, 1U);
}

TEST_F(SlotDispatch, AMessageAfterStopStaysInItsQueue) {
  Actor& from = running("from");
  Actor& to = running("to");
  ASSERT_NE(to.open("c", BP_KIND_QUEUE, BP_DIR_RECEIVE, 7), 0U);
  const bp_chan out = from.open("c", BP_KIND_QUEUE, BP_DIR_SEND, 8);
  int messages = 0;
  to.script.on_event = [&](const bp_event& event) {
    messages += event.type == BP_EV_MESSAGE ? 1 : 0;
    if (event.type < BP_EV_MESSAGE) {
      to.core()->complete(to.host(), event.handle, BP_OK, nullptr);
    }
  };
  ASSERT_FALSE(to.operate(BP_EV_STOP));
  send(from, out);
  ASSERT_FALSE(to.operate(BP_EV_SAVE)) << "its strand runs once more";
  EXPECT_EQ(messages, 0);
  EXPECT_EQ(stage_.registry.find_channel("c")->channel->stats().depth, 1U);
}

}  // namespace
}  // namespace host::slot
