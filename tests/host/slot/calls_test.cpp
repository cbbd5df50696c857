// tests/host/slot/calls_test.cpp - each call ends exactly once: answered, cancelled, late,
// abandoned; in circles, beyond limits, and around STOP.
#include <atomic>
#include <future>
#include <latch>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/host/slot/fixture.hpp"
#include "tests/host/slot/inbox.hpp"

namespace host::slot {
namespace {

constexpr std::uint64_t ms = 1'000'000;

std::uint64_t in(std::uint64_t ns) {
  return runtime::now_ns() + ns;
}

// Code that was entered, and stays inside until it is released.
struct Held {
  std::latch entered{1};
  std::latch release{1};

  void stay() {
    entered.count_down();
    release.wait();
  }

  // An inline_fn.
  static bp_status BP_CALL run(void* self, std::uint32_t, const bp_buf*, bp_buf*, bp_error*) {
    static_cast<Held*>(self)->stay();
    return BP_OK;
  }

  // In the handler of an event of this type.
  void in(Inbox& inbox, std::uint16_t type) {
    inbox.on_each([this, type](const bp_event& event) {
      if (event.type == type) {
        stay();
      }
    });
  }
};

class SlotCalls : public Instances {
 protected:
  void SetUp() override {
    ASSERT_EQ(provide(provider_, "s", {method(1, "M")}).status, BP_OK);
    service_ = require(caller_, "s").handle;
    ASSERT_NE(service_, 0U);
  }

  Actor& provider_ = running("provider");
  Actor& caller_ = running("caller");
  Inbox at_provider_{provider_};
  Inbox at_caller_{caller_};
  bp_svc service_ = 0;
};

TEST_F(SlotCalls, CancellingTellsTheProviderAndNobodyElse) {
  const Said made = call(caller_, service_, 1, "x");
  ASSERT_EQ(made.status, BP_OK);
  const Seen asked = at_provider_.next(BP_EV_CALL);
  EXPECT_EQ(caller_.svc()->cancel(caller_.host(), made.handle), BP_OK);
  EXPECT_EQ(caller_.svc()->cancel(caller_.host(), made.handle), BP_E_STALE);
  const Seen cancelled = at_provider_.next(BP_EV_CALL_CANCELLED);
  EXPECT_EQ(cancelled.handle, asked.handle);
  EXPECT_EQ(cancelled.token, 3U) << "the service's, or the provider cannot know whose call it is";
  EXPECT_EQ(cancelled.method, 1U);
  EXPECT_EQ(answer(provider_, asked.handle, "late"), BP_E_STALE);
  EXPECT_EQ(at_caller_.count(BP_EV_REPLY), 0U);
}

TEST_F(SlotCalls, AProviderLearnsWhoCallsAsLongAsItIsToBeAnswered) {
  ASSERT_EQ(call(caller_, service_, 1).status, BP_OK);
  const Seen asked = at_provider_.next(BP_EV_CALL);
  const auto who = [&](Actor& asks, std::uint64_t room) {
    std::string id(room, '?');
    std::uint64_t bytes = 0;
    const bp_status status = asks.svc()->caller(asks.host(), asked.handle, id.data(), room, &bytes);
    return std::tuple(status, id, bytes);
  };
  using Told = std::tuple<bp_status, std::string, std::uint64_t>;
  EXPECT_EQ(who(provider_, 6), Told(BP_OK, "caller", 6U));
  EXPECT_EQ(who(provider_, 5), Told(BP_E_RANGE, "?????", 6U));
  EXPECT_EQ(std::get<0>(who(caller_, 6)), BP_E_STALE) << "another instance's call";
  EXPECT_EQ(provider_.svc()->caller(provider_.host(), asked.handle, nullptr, 0, nullptr),
            BP_E_INVALID);
  EXPECT_EQ(answer(provider_, asked.handle), BP_OK);
  EXPECT_EQ(std::get<0>(who(provider_, 6)), BP_E_STALE);
}

TEST_F(SlotCalls, ADeadlineEndsItOnBothSides) {
  const std::uint64_t deadline = in(20 * ms);
  const Said made = call(caller_, service_, 1, "", deadline, 5);
  ASSERT_EQ(made.status, BP_OK);
  const Seen asked = at_provider_.next(BP_EV_CALL);
  const Seen late = at_caller_.next(BP_EV_REPLY);
  EXPECT_EQ(late.status, BP_E_TIMEOUT);
  EXPECT_EQ(late.token, 5U);
  EXPECT_EQ(late.handle, made.handle);
  EXPECT_GE(runtime::now_ns(), deadline);
  EXPECT_EQ(at_provider_.next(BP_EV_CALL_CANCELLED).handle, asked.handle);
  EXPECT_EQ(answer(provider_, asked.handle), BP_E_STALE);
  EXPECT_EQ(caller_.svc()->cancel(caller_.host(), made.handle), BP_E_STALE);
}

TEST_F(SlotCalls, WhatIsCancelledBeforeItIsDeliveredIsNeverSeen) {
  Held held;
  held.in(at_provider_, BP_EV_POSTED);
  ASSERT_EQ(provider_.core()->post(provider_.host(), provider_.instance(), 1), BP_OK);
  held.entered.wait();
  const Said made = call(caller_, service_, 1);
  EXPECT_EQ(caller_.svc()->cancel(caller_.host(), made.handle), BP_OK);
  held.release.count_down();
  at_provider_.next(BP_EV_POSTED);
  at_provider_.on_each({});
  EXPECT_EQ(at_provider_.count(BP_EV_CALL), 0U);
  EXPECT_EQ(at_provider_.count(BP_EV_CALL_CANCELLED), 0U);
}

TEST_F(SlotCalls, APluginThatDoesNotTakeItsCallsIsBusyAfterSomeThousands) {
  Held held;
  held.in(at_provider_, BP_EV_POSTED);
  ASSERT_EQ(provider_.core()->post(provider_.host(), provider_.instance(), 1), BP_OK);
  held.entered.wait();
  for (std::uint32_t i = 0; i < BP_METHOD_QUEUE_MAX; ++i) {
    ASSERT_EQ(call(caller_, service_, 1, "", far()).status, BP_OK);
  }
  const Said refused = call(caller_, service_, 1, "", far());
  EXPECT_EQ(refused.status, BP_E_BUSY);
  EXPECT_NE(refused.text.find("service 's' of 'provider': 4096 calls wait for the plugin"),
            std::string::npos)
      << refused.text;
  held.release.count_down();
  at_provider_.next(BP_EV_POSTED);
  at_provider_.on_each({});
  for (std::uint32_t i = 0; i < BP_METHOD_QUEUE_MAX; ++i) {
    ASSERT_EQ(answer(provider_, at_provider_.next(BP_EV_CALL).handle), BP_OK);
  }
  EXPECT_EQ(at_caller_.count(BP_EV_REPLY), BP_METHOD_QUEUE_MAX);
  EXPECT_EQ(call(caller_, service_, 1, "", far()).status, BP_OK);
}

TEST_F(SlotCalls, OneIsAnsweredOnceAndAForgedReplyLeavesItOpen) {
  const Said made = call(caller_, service_, 1);
  const Seen asked = at_provider_.next(BP_EV_CALL);
  bp_buf forged{const_cast<char*>("x"), 1, 1, 0x0200'0000'0000'0001};
  EXPECT_LT(provider_.svc()->reply(provider_.host(), asked.handle, BP_OK, &forged, nullptr), 0);
  EXPECT_EQ(caller_.svc()->reply(caller_.host(), asked.handle, BP_OK, nullptr, nullptr), BP_E_STALE)
      << "it is another instance's to answer";
  EXPECT_EQ(answer(provider_, asked.handle, "yes"), BP_OK);
  EXPECT_EQ(answer(provider_, asked.handle, "no"), BP_E_STALE);
  const Seen reply = at_caller_.next(BP_EV_REPLY);
  EXPECT_EQ(reply.handle, made.handle);
  EXPECT_EQ(reply.text, "yes");
  EXPECT_EQ(at_caller_.count(BP_EV_REPLY), 0U);
}

TEST_F(SlotCalls, AServiceThatIsClosedAbandonsItsOpenCallsAndNotThoseOfOthers) {
  const Said other = provide(provider_, "other", {method(1, "M")}, 1, 0, 4);
  const bp_svc to_other = require(caller_, "other").handle;
  const Said closing = call(caller_, to_other, 1, "", 0, 1);
  const Said staying = call(caller_, service_, 1, "", 0, 2);
  const Seen first = at_provider_.next(BP_EV_CALL);
  const Seen second = at_provider_.next(BP_EV_CALL);
  EXPECT_EQ(provider_.svc()->close(provider_.host(), other.handle), BP_OK);
  EXPECT_EQ(provider_.svc()->close(provider_.host(), other.handle), BP_E_STALE);
  const Seen abandoned = at_caller_.next(BP_EV_REPLY);
  EXPECT_EQ(abandoned.handle, closing.handle);
  EXPECT_EQ(abandoned.status, BP_E_ABANDONED);
  EXPECT_EQ(abandoned.text, "service 'other' of 'provider' ended before it answered");
  EXPECT_EQ(at_provider_.next(BP_EV_CALL_CANCELLED).handle, first.handle);
  EXPECT_EQ(call(caller_, to_other, 1).status, BP_E_UNAVAILABLE);
  EXPECT_EQ(answer(provider_, second.handle, "still"), BP_OK);
  EXPECT_EQ(at_caller_.next(BP_EV_REPLY).handle, staying.handle);
}

// ---- limits

class SlotLimits : public Instances {
 protected:
  void SetUp() override {
    bp_method slow = method(1, "Slow");
    slow.concurrency_max = 2;
    slow.queue_max = 2;
    ASSERT_EQ(provide(provider_, "s", {slow, method(2, "Free")}).status, BP_OK);
    service_ = require(caller_, "s").handle;
  }

  Actor& provider_ = running("provider");
  Actor& caller_ = running("caller");
  Inbox at_provider_{provider_};
  Inbox at_caller_{caller_};
  bp_svc service_ = 0;
};

TEST_F(SlotLimits, TwoAtWorkTwoWaitTheFifthIsBusyAndOtherMethodsGoOn) {
  std::vector<Said> made;
  for (const std::string request : {"a", "b", "c", "d"}) {
    made.push_back(call(caller_, service_, 1, request));
    ASSERT_EQ(made.back().status, BP_OK);
  }
  const Said fifth = call(caller_, service_, 1, "e");
  EXPECT_EQ(fifth.status, BP_E_BUSY);
  EXPECT_NE(fifth.text.find("service 's' of 'provider': method 'Slow' has its 2 calls at work"),
            std::string::npos)
      << fifth.text;
  EXPECT_EQ(call(caller_, service_, 2, "f").status, BP_OK);
  const Seen a = at_provider_.next(BP_EV_CALL);
  const Seen b = at_provider_.next(BP_EV_CALL);
  const Seen f = at_provider_.next(BP_EV_CALL);
  EXPECT_EQ(a.text + b.text + f.text, "abf");
  EXPECT_EQ(at_provider_.count(BP_EV_CALL), 0U);
  EXPECT_EQ(answer(provider_, b.handle, "B"), BP_OK);
  const Seen c = at_provider_.next(BP_EV_CALL);
  EXPECT_EQ(c.text, "c");
  EXPECT_EQ(caller_.svc()->cancel(caller_.host(), made[3].handle), BP_OK);
  EXPECT_EQ(answer(provider_, a.handle, "A"), BP_OK);
  EXPECT_EQ(at_provider_.count(BP_EV_CALL), 0U) << "d was cancelled while it waited";
  EXPECT_EQ(answer(provider_, c.handle, "C"), BP_OK);
  EXPECT_EQ(at_caller_.next(BP_EV_REPLY).text, "B");
  EXPECT_EQ(at_caller_.next(BP_EV_REPLY).text, "A");
  EXPECT_EQ(at_caller_.next(BP_EV_REPLY).text, "C");
}

TEST_F(SlotLimits, AWaitingCallWhoseDeadlinePassesIsNeverDelivered) {
  call(caller_, service_, 1, "a");
  call(caller_, service_, 1, "b");
  call(caller_, service_, 1, "late", in(20 * ms), 8);
  const Seen late = at_caller_.next(BP_EV_REPLY);
  EXPECT_EQ(late.token, 8U);
  EXPECT_EQ(late.status, BP_E_TIMEOUT);
  const Seen a = at_provider_.next(BP_EV_CALL);
  EXPECT_EQ(answer(provider_, a.handle), BP_OK);
  at_provider_.next(BP_EV_CALL);
  EXPECT_EQ(at_provider_.count(BP_EV_CALL), 0U);
  EXPECT_EQ(at_provider_.count(BP_EV_CALL_CANCELLED), 0U);
}

TEST_F(SlotLimits, StopAbandonsThoseThatWaitAndWithdrawalThoseThatWork) {
  for (int i = 0; i < 4; ++i) {
    ASSERT_EQ(call(caller_, service_, 1, "", 0, static_cast<std::uint64_t>(i)).status, BP_OK);
  }
  at_provider_.next(BP_EV_CALL);
  at_provider_.next(BP_EV_CALL);
  ASSERT_FALSE(provider_.operate(BP_EV_STOP));
  std::set<std::uint64_t> waiting{at_caller_.next(BP_EV_REPLY).token,
                                  at_caller_.next(BP_EV_REPLY).token};
  EXPECT_EQ(waiting, (std::set<std::uint64_t>{2, 3}));
  EXPECT_TRUE(provider_.slot->withdraw(far()));
  const Seen working = at_caller_.next(BP_EV_REPLY);
  EXPECT_EQ(working.status, BP_E_ABANDONED);
  EXPECT_EQ(at_caller_.next(BP_EV_REPLY).status, BP_E_ABANDONED);
  EXPECT_EQ(call(caller_, service_, 1).status, BP_E_UNAVAILABLE);
}

// ---- circles

// An inline method that calls method 1 of the service in `next`, on whichever thread it runs.
struct Ring {
  Actor* owner = nullptr;
  bp_svc next = 0;
  std::atomic<int> runs{0};
  std::atomic<bp_status> said{BP_E_UNKNOWN};

  static bp_status BP_CALL run(void* self, std::uint32_t, const bp_buf*, bp_buf*, bp_error*) {
    auto& ring = *static_cast<Ring*>(self);
    ++ring.runs;
    ring.said = call(*ring.owner, ring.next, 1).status;
    return BP_OK;
  }

  [[nodiscard]] bp_method as_method() {
    bp_method inline_one = method(1, "Inline");
    inline_one.flags = BP_METHOD_INLINE;
    inline_one.inline_fn = &Ring::run;
    inline_one.inline_self = this;
    return inline_one;
  }
};

class SlotCircles : public Instances {
 protected:
  void SetUp() override {
    a_ring_.owner = &a_;
    b_ring_.owner = &b_;
    ASSERT_EQ(provide(a_, "a", {a_ring_.as_method()}).status, BP_OK);
    ASSERT_EQ(provide(b_, "b", {b_ring_.as_method()}).status, BP_OK);
    a_ring_.next = require(a_, "b").handle;
    b_ring_.next = require(b_, "a").handle;
  }

  // b ran on a's thread, called a, and a was told by an event instead.
  void expect_queued_at_a() {
    EXPECT_EQ(b_ring_.runs, 1);
    EXPECT_EQ(b_ring_.said, BP_OK);
    EXPECT_EQ(a_ring_.runs, 0) << "a is on this thread's stack";
    const Seen back = at_a_.next(BP_EV_CALL);
    EXPECT_EQ(answer(a_, back.handle, "at last"), BP_OK);
    EXPECT_EQ(at_b_.next(BP_EV_REPLY).text, "at last");
  }

  Ring a_ring_;
  Ring b_ring_;
  Actor& a_ = running("a");
  Actor& b_ = running("b");
  Inbox at_a_{a_};
  Inbox at_b_{b_};
};

TEST_F(SlotCircles, InlineFromAStrandTheWayBackIsQueued) {
  at_a_.run([&] { EXPECT_EQ(call(a_, a_ring_.next, 1).status, BP_DONE); });
  expect_queued_at_a();
}

TEST_F(SlotCircles, InlineFromAThreadOfThePluginTheWayBackIsQueuedToo) {
  EXPECT_EQ(call(a_, a_ring_.next, 1).status, BP_DONE);
  expect_queued_at_a();
}

TEST_F(SlotCircles, AnInstancesOwnInlineMethodIsQueuedForItself) {
  const bp_svc own = require(a_, "a").handle;
  EXPECT_EQ(call(a_, own, 1).status, BP_OK);
  EXPECT_EQ(a_ring_.runs, 0);
  const Seen asked = at_a_.next(BP_EV_CALL);
  EXPECT_EQ(answer(a_, asked.handle, "me"), BP_OK);
  EXPECT_EQ(at_a_.next(BP_EV_REPLY).text, "me");
}

// Whoever hears of an answer may go on with a call to the one who gave it, as wires do.
TEST_F(SlotCircles, AnInlineMethodDoesNotComeBackIntoReply) {
  ASSERT_EQ(provide(a_, "queued", {method(1, "M")}, 1, 0, 4).status, BP_OK);
  const auto queued = stage_.registry.find_service("queued", 1)->service;
  const auto runs_inline = stage_.registry.find_service("a", 1)->service;
  const auto made = queued->invoke(1, {}, far(), [&](service::Reply&&) {
    const auto next = runs_inline->invoke(1, {}, far(), [](service::Reply&&) {});
    EXPECT_FALSE(next.reply) << "it was run inline";
  });
  ASSERT_TRUE(made.call);
  EXPECT_EQ(answer(a_, at_a_.next(BP_EV_CALL).handle), BP_OK);
  EXPECT_EQ(a_ring_.runs, 0);
  EXPECT_EQ(answer(a_, at_a_.next(BP_EV_CALL).handle), BP_OK);
}

// a calls b, which asks a before it answers; a answers nothing while it waits.
TEST_F(SlotCircles, QueuedOnesThatWaitForEachOtherEndAtTheirDeadlines) {
  Actor& c = running("c");
  Actor& d = running("d");
  Inbox at_c(c);
  Inbox at_d(d);
  ASSERT_EQ(provide(c, "c", {method(1, "M")}).status, BP_OK);
  ASSERT_EQ(provide(d, "d", {method(1, "M")}).status, BP_OK);
  const bp_svc to_d = require(c, "d").handle;
  const bp_svc to_c = require(d, "c").handle;
  const std::uint64_t inner = in(30 * ms);
  const std::uint64_t outer = in(60 * ms);
  at_d.on_each([&](const bp_event& event) {
    if (event.type == BP_EV_CALL) {
      EXPECT_EQ(call(d, to_c, 1, "", inner).status, BP_OK);
    }
  });
  ASSERT_EQ(call(c, to_d, 1, "", outer).status, BP_OK);
  EXPECT_EQ(at_d.next(BP_EV_REPLY).status, BP_E_TIMEOUT);
  EXPECT_EQ(at_c.next(BP_EV_REPLY).status, BP_E_TIMEOUT);
  EXPECT_EQ(at_c.next(BP_EV_CALL_CANCELLED).handle, at_c.next(BP_EV_CALL).handle);
  EXPECT_EQ(at_d.next(BP_EV_CALL_CANCELLED).handle, at_d.next(BP_EV_CALL).handle);
  at_d.on_each({});
  EXPECT_EQ(call(c, to_d, 1, "", far()).status, BP_OK) << "and both go on";
  at_d.next(BP_EV_CALL);
}

// ---- STOP

TEST_F(SlotCalls, StopWaitsForAnOpenInlineMethodUntilItsDeadlineAndLetsNoneIn) {
  Held held;
  bp_method inline_one = method(1, "Inline");
  inline_one.flags = BP_METHOD_INLINE;
  inline_one.inline_fn = &Held::run;
  inline_one.inline_self = &held;
  Actor& other = running("other");
  ASSERT_EQ(provide(other, "inline", {inline_one}).status, BP_OK);
  const bp_svc handle = require(caller_, "inline").handle;
  auto open = std::async(std::launch::async, [&] { return call(caller_, handle, 1).status; });
  held.entered.wait();
  ASSERT_FALSE(other.operate(BP_EV_STOP));
  EXPECT_EQ(call(caller_, handle, 1).status, BP_E_UNAVAILABLE)
      << "no inline method begins after STOP was completed";
  at_caller_.run([&] { EXPECT_EQ(call(caller_, handle, 1).status, BP_E_UNAVAILABLE); });
  const std::uint64_t deadline = in(30 * ms);
  EXPECT_FALSE(other.slot->withdraw(deadline)) << "one is inside";
  EXPECT_GE(runtime::now_ns(), deadline);
  held.release.count_down();
  EXPECT_EQ(open.get(), BP_DONE) << "its caller has its answer all the same";
}

TEST_F(SlotCalls, WhileAnInlineMethodHoldsStopUpOthersAreAnsweredAlready) {
  Held held;
  bp_method inline_one = method(2, "Inline");
  inline_one.flags = BP_METHOD_INLINE;
  inline_one.inline_fn = &Held::run;
  inline_one.inline_self = &held;
  Actor& other = running("other");
  Inbox at_other(other);
  ASSERT_EQ(provide(other, "both", {method(1, "M"), inline_one}).status, BP_OK);
  const bp_svc handle = require(caller_, "both").handle;
  ASSERT_EQ(call(caller_, handle, 1).status, BP_OK);
  at_other.next(BP_EV_CALL);
  auto open = std::async(std::launch::async, [&] { return call(caller_, handle, 2).status; });
  held.entered.wait();
  auto withdrawn = std::async(std::launch::async, [&] { return other.slot->withdraw(far()); });
  EXPECT_EQ(at_caller_.next(BP_EV_REPLY).status, BP_E_ABANDONED);
  EXPECT_EQ(require(caller_, "both").status, BP_E_NOT_FOUND);
  held.release.count_down();
  EXPECT_TRUE(withdrawn.get());
  EXPECT_EQ(open.get(), BP_DONE);
}

TEST_F(SlotCalls, WhatComesAfterStopWasCompletedIsNotDelivered) {
  Held held;
  held.in(at_provider_, BP_EV_STOP);
  auto stopped = std::async(std::launch::async, [&] { return provider_.operate(BP_EV_STOP); });
  held.entered.wait();
  ASSERT_EQ(call(caller_, service_, 1).status, BP_OK) << "STOP is not completed yet";
  held.release.count_down();
  ASSERT_FALSE(stopped.get());
  EXPECT_TRUE(provider_.slot->withdraw(far()));
  EXPECT_EQ(at_caller_.next(BP_EV_REPLY).status, BP_E_ABANDONED);
  EXPECT_FALSE(provider_.destroy());  // the strand is past it
  EXPECT_EQ(at_provider_.seen(BP_EV_CALL), 0U);
}

// Callers, answers, cancels and a provider that comes and goes: nobody is left without an end.
TEST_F(SlotCalls, RandomCallsAcrossLivesOfTheProviderAllEnd) {
  constexpr int lives = 6;
  constexpr int calls = 300;
  std::atomic<bool> done{false};
  std::atomic<int> replies{0};
  std::atomic<int> answers{0};
  at_caller_.on_each([&](const bp_event& event) { replies += event.type == BP_EV_REPLY ? 1 : 0; });
  bp_method slow = method(1, "Slow");
  slow.concurrency_max = 3;
  slow.queue_max = 4;
  std::thread lives_of([&] {
    for (int life = 0; life < lives; ++life) {
      Actor provider(stage_, "restarted");
      provider.run();
      provider.script.on_event = [&](const bp_event& event) {
        if (event.type == BP_EV_CALL && event.handle % 3 != 0) {
          answers += answer(provider, event.handle) == BP_OK ? 1 : 0;
        } else if (event.type < BP_EV_MESSAGE) {
          provider.core()->complete(provider.host(), event.handle, BP_OK, nullptr);
        }
      };
      provide(provider, "r", {slow});
      const int enough = answers + 20;
      while (answers < enough) {
        std::this_thread::yield();
      }
      provider.operate(BP_EV_STOP);
    }
    done = true;
  });
  const bp_svc handle = require(caller_, "r", 1, 0, BP_REQUIRE_OPTIONAL).handle;
  int expected = 0;
  for (int i = 0; i < calls || !done; ++i) {
    const Said made = call(caller_, handle, 1, "x", in(50 * ms));
    if (made.status == BP_OK) {
      const bool cancelled =
          i % 5 == 0 && caller_.svc()->cancel(caller_.host(), made.handle) == BP_OK;
      expected += cancelled ? 0 : 1;
    } else {
      EXPECT_TRUE(made.status == BP_E_BUSY || made.status == BP_E_UNAVAILABLE) << made.text;
      std::this_thread::yield();
    }
  }
  lives_of.join();
  const std::uint64_t patience = far();
  while (replies < expected && runtime::now_ns() < patience) {
    std::this_thread::yield();
  }
  at_caller_.count(BP_EV_REPLY);  // nothing more is on its way
  EXPECT_EQ(replies, expected);
}

}  // namespace
}  // namespace host::slot
