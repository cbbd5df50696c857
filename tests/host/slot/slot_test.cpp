// tests/host/slot/slot_test.cpp - an instance lives through the law's tables alone, as a plugin
// sees them.
#include "host/slot/slot.hpp"

#include <cstring>
#include <future>
#include <random>

#include <gtest/gtest.h>

#include "tests/host/slot/scripted_plugin.hpp"

namespace host::slot {
namespace {

TEST(Slot, LivesFromCreateToDestroy) {
  Stage stage;
  Actor actor(stage, "a");
  EXPECT_FALSE(actor.create());
  EXPECT_FALSE(actor.operate(BP_EV_START));
  EXPECT_FALSE(actor.operate(BP_EV_STOP));
  EXPECT_TRUE(actor.slot->withdraw(far()));
  EXPECT_FALSE(actor.destroy());
  EXPECT_EQ(actor.script.destroyed, 1);
}

TEST(Slot, AThrowInCreateIsAPanicAndNotACrash) {
  Stage stage;
  Actor actor(stage, "a");
  actor.script.throw_in_create = true;
  const auto error = actor.create();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), BP_E_PANIC);
  EXPECT_NE(error->text().find("scripted"), std::string::npos);
}

TEST(Slot, AThrowInAHandlerIsReportedAndTheOperationFails) {
  Stage stage;
  Actor actor(stage, "a");
  ASSERT_FALSE(actor.create());
  actor.script.on_event = [](const bp_event&) { throw std::runtime_error("boom"); };
  const auto error = actor.operate(BP_EV_START);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), BP_E_PANIC);
  EXPECT_EQ(actor.faults.get_future().get().code(), BP_E_PANIC);
}

TEST(Slot, AMissedDeadlineIsANamedFailureAndALateCompleteIsStale) {
  Stage stage;
  Actor actor(stage, "a");
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

TEST(Slot, MessagesGoFromOneInstanceToAnother) {
  Stage stage;
  Actor from(stage, "from");
  Actor to(stage, "to");
  from.run();
  to.run();
  const bp_chan in = to.open("c", BP_KIND_QUEUE, BP_DIR_RECEIVE, 7);
  const bp_chan out = from.open("c", BP_KIND_QUEUE, BP_DIR_SEND, 8);
  ASSERT_NE(in, 0U);
  ASSERT_NE(out, 0U);
  std::promise<std::string> got;
  to.script.on_event = [&](const bp_event& event) {
    if (event.type == BP_EV_MESSAGE && event.token == 7 && event.handle == in) {
      got.set_value(std::string(static_cast<const char*>(event.buf.data), event.buf.size));
    }
  };
  bp_buf buf{};
  ASSERT_EQ(from.chan()->reserve(from.host(), out, 5, &buf), BP_OK);
  std::memcpy(buf.data, "hello", 5);
  const bp_buf copy = buf;
  ASSERT_EQ(from.chan()->send(from.host(), out, &buf), BP_OK);
  EXPECT_EQ(buf.lease, 0U);
  EXPECT_EQ(got.get_future().get(), "hello");
  bp_buf again = copy;
  EXPECT_EQ(from.chan()->send(from.host(), out, &again), BP_E_STALE) << "sent twice";
  EXPECT_EQ(from.chan()->release(from.host(), &again), BP_E_STALE);
}

TEST(Slot, AConfirmedSendIsAnsweredWhenARetainedMessageIsAcknowledged) {
  Stage stage;
  Actor from(stage, "from");
  Actor to(stage, "to");
  from.run();
  to.run();
  ASSERT_NE(to.open("c", BP_KIND_QUEUE, BP_DIR_RECEIVE, 1), 0U);
  const bp_chan out = from.open("c", BP_KIND_QUEUE, BP_DIR_SEND, 2);
  std::promise<bp_buf> kept;
  std::promise<bp_status> confirmed;
  to.script.on_event = [&](const bp_event& event) {
    if (event.type == BP_EV_MESSAGE) {
      bp_buf buf = event.buf;
      EXPECT_EQ(to.chan()->retain(to.host(), &buf), BP_OK);
      kept.set_value(buf);
    }
  };
  from.script.on_event = [&](const bp_event& event) {
    if (event.type == BP_EV_CONFIRMED && event.token == 55) {
      confirmed.set_value(event.status);
    }
  };
  bp_buf buf{};
  ASSERT_EQ(from.chan()->reserve(from.host(), out, 1, &buf), BP_OK);
  bp_call call = 0;
  ASSERT_EQ(from.chan()->send_confirmed(from.host(), out, &buf, 55, &call), BP_OK);
  bp_buf retained = kept.get_future().get();
  auto answer = confirmed.get_future();
  EXPECT_EQ(answer.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  EXPECT_EQ(to.chan()->ack(to.host(), &retained), BP_OK);
  EXPECT_EQ(answer.get(), BP_OK);
}

TEST(Slot, CallsAreAnsweredAndErrorsKeepTheirChain) {
  Stage stage;
  Actor provider(stage, "provider");
  Actor caller(stage, "caller");
  provider.run();
  caller.run();
  provider.provide("s", false);
  provider.script.on_event = [&](const bp_event& event) {
    if (event.type != BP_EV_CALL) {
      return;
    }
    bp_buf reply{const_cast<char*>("pong"), 4, 4, 0};
    bp_error error{};
    error.struct_size = sizeof error;
    error::Error(BP_E_IO, "disk").during("reading").to_abi(&error);
    const bool fail = event.buf.size == 0;
    EXPECT_EQ(provider.svc()->reply(provider.host(), event.handle, fail ? BP_E_IO : BP_OK,
                                    fail ? nullptr : &reply, fail ? &error : nullptr),
              BP_OK);
    EXPECT_EQ(provider.svc()->reply(provider.host(), event.handle, BP_OK, nullptr, nullptr),
              BP_E_STALE);
  };
  EXPECT_EQ(caller.call("s", "ping").text, "pong");
  const Answer failed = caller.call("s", "");
  EXPECT_EQ(failed.status, BP_E_IO);
  EXPECT_EQ(failed.text, "reading: disk");
}

TEST(Slot, AnInlineMethodAnswersAtOnce) {
  Stage stage;
  Actor provider(stage, "provider");
  Actor caller(stage, "caller");
  provider.run();
  caller.run();
  provider.provide("s", true);
  const bp_svc handle = caller.require("s");
  bp_buf request{const_cast<char*>("abc"), 3, 3, 0};
  bp_buf reply{};
  bp_error error{};
  error.struct_size = sizeof error;
  EXPECT_EQ(caller.svc()->call(caller.host(), handle, 1, &request, 0, nullptr, 5, &reply, nullptr,
                               &error),
            BP_DONE);
  EXPECT_EQ(std::string(static_cast<const char*>(reply.data), reply.size), "cba");
  EXPECT_EQ(caller.chan()->release(caller.host(), &reply), BP_OK);
}

TEST(Slot, OpenCallsOfAWithdrawnProviderAreAbandoned) {
  Stage stage;
  Actor provider(stage, "provider");
  Actor caller(stage, "caller");
  provider.run();
  caller.run();
  provider.provide("s", false);
  std::promise<void> seen;
  provider.script.on_event = [&](const bp_event& event) {
    if (event.type == BP_EV_CALL) {
      seen.set_value();
    }
  };
  std::promise<bp_status> answered;
  caller.script.on_event = [&](const bp_event& event) {
    if (event.type == BP_EV_REPLY) {
      answered.set_value(event.status);
    }
  };
  const bp_svc handle = caller.require("s");
  bp_call call = 0;
  ASSERT_EQ(
      caller.svc()->call(caller.host(), handle, 1, nullptr, 0, nullptr, 5, nullptr, &call, nullptr),
      BP_OK);
  seen.get_future().wait();
  EXPECT_TRUE(provider.slot->withdraw(far()));
  EXPECT_EQ(answered.get_future().get(), BP_E_ABANDONED);
  EXPECT_EQ(
      caller.svc()->call(caller.host(), handle, 1, nullptr, 0, nullptr, 5, nullptr, &call, nullptr),
      BP_E_UNAVAILABLE);
}

TEST(Slot, StateIsHandedFromOneLifeToTheNext) {
  Stage stage;
  Actor old(stage, "old");
  old.run();
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
  Actor next(stage, "next");
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

TEST(Slot, CallsOutOfStateAreRefusedWithTheStatesName) {
  Stage stage;
  Actor actor(stage, "a");
  actor.run();
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

TEST(Slot, NothingIsSentAfterStopWasCompletedEvenBeforeTheHostWithdraws) {
  Stage stage;
  Actor actor(stage, "a");
  actor.run();
  const bp_chan out = actor.open("c", BP_KIND_BROADCAST, BP_DIR_SEND, 8);
  bp_buf early{};
  ASSERT_EQ(actor.chan()->reserve(actor.host(), out, 5, &early), BP_OK);
  ASSERT_FALSE(actor.operate(BP_EV_STOP));
  bp_buf late{};
  EXPECT_EQ(actor.chan()->reserve(actor.host(), out, 5, &late), BP_E_STALE);
  EXPECT_EQ(actor.chan()->send(actor.host(), out, &early), BP_E_STALE);
  EXPECT_EQ(actor.core()->post(actor.host(), actor.instance(), 1), BP_E_STATE);
}

TEST(Slot, AMessageAfterStopStaysInItsQueue) {
  Stage stage;
  Actor from(stage, "from");
  Actor to(stage, "to");
  from.run();
  to.run();
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
  bp_buf buf{};
  ASSERT_EQ(from.chan()->reserve(from.host(), out, 5, &buf), BP_OK);
  ASSERT_EQ(from.chan()->send(from.host(), out, &buf), BP_OK);
  ASSERT_FALSE(to.operate(BP_EV_SAVE)) << "its strand runs once more";
  EXPECT_EQ(messages, 0);
  EXPECT_EQ(stage.registry.find_channel("c")->channel->stats().depth, 1U);
}

TEST(Slot, BadDescriptionsAreNamed) {
  Stage stage;
  Actor actor(stage, "a");
  actor.run();
  const auto refused = [&](auto change) {
    bp_chan_desc desc = Actor::desc("c", BP_KIND_QUEUE, BP_DIR_SEND);
    change(desc);
    bp_chan out = 0;
    return actor.chan()->open(actor.host(), actor.instance(), &desc, 1, &out, nullptr);
  };
  EXPECT_EQ(refused([](bp_chan_desc& d) { d.struct_size = 8; }), BP_E_INVALID);
  EXPECT_EQ(refused([](bp_chan_desc& d) { d.name = {"a b", 3}; }), BP_E_INVALID);
  EXPECT_EQ(refused([](bp_chan_desc& d) { d.name = {"a\0b", 3}; }), BP_E_INVALID);
  EXPECT_EQ(refused([](bp_chan_desc& d) { d.name = {nullptr, 0}; }), BP_E_INVALID);
  const std::string long_name(10'000, 'x');
  EXPECT_EQ(refused([&](bp_chan_desc& d) { d.name = {long_name.data(), long_name.size()}; }),
            BP_E_INVALID);
  EXPECT_EQ(refused([](bp_chan_desc& d) { d.kind = 9; }), BP_E_INVALID);
  EXPECT_EQ(refused([](bp_chan_desc& d) { d.flags = 1U << 20U; }), BP_E_TOO_NEW);
  EXPECT_EQ(refused([](bp_chan_desc& d) { d.capacity = ~0U; }), BP_E_RANGE);
}

TEST(Slot, ANewerPluginsUnknownTailIsRefusedOnlyWhenItSaysSomething) {
  Stage stage;
  Actor actor(stage, "a");
  actor.run();

  struct Newer {
    bp_chan_desc desc;
    std::uint64_t extra;
  } newer{Actor::desc("c", BP_KIND_QUEUE, BP_DIR_SEND), 0};

  newer.desc.struct_size = sizeof newer;
  bp_chan out = 0;
  EXPECT_EQ(actor.chan()->open(actor.host(), actor.instance(), &newer.desc, 1, &out, nullptr),
            BP_OK);
  newer.extra = 1;
  EXPECT_EQ(actor.chan()->open(actor.host(), actor.instance(), &newer.desc, 1, &out, nullptr),
            BP_E_TOO_NEW);
}

TEST(Slot, RandomMisuseIsAnsweredWithCodesOnly) {
  Stage stage;
  Actor actor(stage, "a");
  actor.run();
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

TEST(Slot, TimersAndPostsReachTheStrand) {
  Stage stage;
  Actor actor(stage, "a");
  actor.run();
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

}  // namespace
}  // namespace host::slot
