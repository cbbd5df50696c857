// tests/sdk/cpp/service_test.cpp - providing and calling services.
#include "backplane/cpp/service.hpp"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "entry_of.hpp"

using namespace std::chrono_literals;

namespace {

struct Echo {
  void start(bp::context& cx) {
    other_ = cx.require("other", 1, 0, BP_REQUIRE_OPTIONAL);
    bp::service svc("echo", 1, 2);
    svc.method(1, "Now", {"a.Request", "a.Reply"},
               [](bp::call c) -> bp::result<bp::buffer> { return c.reply(c.bytes()); });
    svc.method(2, "Later", {}, [&cx](bp::call c) -> bp::task<bp::result<bp::buffer>> {
      co_await cx.sleep(1s);
      co_return c.reply(c.bytes());
    });
    svc.inline_method(3, "Inline", {}, [](bp::call c) -> bp::result<bp::buffer> {
      if (c.bytes().empty()) {
        return bp::fail(BP_E_INVALID, "say something");
      }
      return c.reply(c.bytes());
    });
    svc.method(4, "Ask", {}, [this](bp::call c) -> bp::task<bp::result<bp::buffer>> {
      co_return co_await other_.call(7, c.bytes(), {.deadline = 3s});
    });
    svc.method(5, "AskByName", {}, [&cx](bp::call c) -> bp::task<bp::result<bp::buffer>> {
      co_return co_await cx.by_name().call("kv/1", "Get", c.text());
    });
    svc.method(6, "Limited", {},
               [&cx](bp::call c) -> bp::task<bp::result<bp::buffer>> {
                 co_await cx.sleep(1s);
                 co_return c.reply(c.bytes());
               },
               {.concurrency = 1, .queue = 1});
    svc.method(7, "Who", {}, [](bp::call c) -> bp::result<bp::buffer> {
      auto caller = c.caller();
      return caller ? c.reply(bp::as_bytes(*caller)) : bp::fail(caller.error().code(), "?");
    });
    svc.inline_method(8, "WhoInline", {}, [](bp::call c) -> bp::result<bp::buffer> {
      return std::unexpected(c.caller().error());
    });
    cx.provide(std::move(svc));
  }

  bp::service_ref other_;
};

class ServiceTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(host_.start()); }

  void TearDown() override {
    ASSERT_TRUE(host_.stop());
    EXPECT_EQ(host_.open_leases(), 0U);
    EXPECT_TRUE(host_.faults().empty());
  }

  tests::Hosted<Echo> host_;
};

TEST_F(ServiceTest, TheLimitOfAMethodHolds) {
  const bp_call first = host_.call("echo", 6, "a");
  const bp_call second = host_.call("echo", 6, "b");
  const bp_call third = host_.call("echo", 6, "c");
  EXPECT_EQ(host_.answer_to(third)->status, BP_E_BUSY);
  host_.cancel(second);
  const bp_call fourth = host_.call("echo", 6, "d");
  host_.advance(1s);
  EXPECT_EQ(host_.answer_to(first)->bytes, "a");
  EXPECT_FALSE(host_.answer_to(second)) << "it was never begun";
  EXPECT_FALSE(host_.answer_to(fourth)) << "it began when the first one ended";
  host_.advance(1s);
  EXPECT_EQ(host_.answer_to(fourth)->bytes, "d");
}

TEST_F(ServiceTest, AnswersAtOnceAndLater) {
  EXPECT_EQ(host_.answer_to(host_.call("echo", 1, "hi"))->bytes, "hi");
  const bp_call later = host_.call("echo", 2, "there");
  EXPECT_FALSE(host_.answer_to(later));
  host_.advance(1s);
  EXPECT_EQ(host_.answer_to(later)->bytes, "there");
}

TEST_F(ServiceTest, AHandlerLearnsWhoCalls) {
  EXPECT_EQ(host_.answer_to(host_.call("echo", 7, "", "gateway"))->bytes, "gateway");
  EXPECT_EQ(host_.answer_to(host_.call("echo", 7, ""))->bytes, "") << "the operator";
  EXPECT_EQ(host_.call_inline("echo", 8, "").status, BP_E_UNSUPPORTED);
}

TEST_F(ServiceTest, AnEmptyReplyIsAReply) {
  const auto answer = host_.answer_to(host_.call("echo", 1, ""));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, BP_OK);
  EXPECT_EQ(answer->bytes, "");
}

TEST_F(ServiceTest, OfManyCallsUnderWayEachIsFound) {
  std::vector<bp_call> calls;
  for (int number = 0; number < 100; ++number) {
    calls.push_back(host_.call("echo", 2, std::to_string(number)));
  }
  EXPECT_EQ(host_.open_timers(), 100U);
  for (std::size_t index = 0; index < calls.size(); index += 3) {
    host_.cancel(calls[index]);
  }
  for (std::size_t index = 0; index < calls.size(); ++index) {
    const auto answer = host_.answer_to(calls[index]);
    EXPECT_EQ(answer.has_value(), index % 3 == 0) << index;
  }
  EXPECT_EQ(host_.open_timers(), 66U);
}

TEST_F(ServiceTest, ACancelledCallEndsItsTask) {
  const bp_call call = host_.call("echo", 2, "x");
  EXPECT_EQ(host_.open_timers(), 1U);
  host_.cancel(call);
  EXPECT_EQ(host_.open_timers(), 0U);
  EXPECT_EQ(host_.answer_to(call)->status, BP_E_CANCELLED);
}

TEST_F(ServiceTest, InlineMethodsRunOnAnyThread) {
  std::vector<std::string> replies(4);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < replies.size(); ++i) {
      threads.emplace_back([this, i, &replies] {
        replies[i] = host_.call_inline("echo", 3, std::to_string(i)).bytes;
      });
    }
  }
  EXPECT_EQ(replies, (std::vector<std::string>{"0", "1", "2", "3"}));
  EXPECT_EQ(host_.call_inline("echo", 3, "").error, "say something");
  EXPECT_EQ(host_.answer_to(host_.call("echo", 3, "queued"))->bytes, "queued");
}

TEST_F(ServiceTest, CallsAnotherServiceEitherWay) {
  host_.offer("other", [](const bp::testing::open_call& call) {
    return std::optional<bp::result<std::string>>("done:" + call.request);
  });
  EXPECT_EQ(host_.answer_to(host_.call("echo", 4, "a"))->bytes, "done:a");

  host_.offer("other", [](const bp::testing::open_call&) {
    return std::optional<bp::result<std::string>>(bp::fail(BP_E_BUSY, "later"));
  });
  EXPECT_EQ(host_.answer_to(host_.call("echo", 4, "a"))->status, BP_E_BUSY);

  host_.offer("other");
  const bp_call call = host_.call("echo", 4, "a");
  EXPECT_FALSE(host_.answer_to(call));
  EXPECT_EQ(host_.open_calls()[0].method, 7U);
  host_.reply(host_.open_calls()[0].handle, "event");
  host_.pump();
  EXPECT_EQ(host_.answer_to(call)->bytes, "event");
}

TEST_F(ServiceTest, AnOptionalServiceMayBeAbsent) {
  EXPECT_EQ(host_.answer_to(host_.call("echo", 4, "a"))->status, BP_E_UNAVAILABLE);
}

TEST_F(ServiceTest, CancellingACallCancelsTheCallsItMade) {
  host_.offer("other");
  const bp_call call = host_.call("echo", 4, "a");
  host_.cancel(call);
  EXPECT_EQ(host_.cancelled_calls(), 1U);
  EXPECT_TRUE(host_.open_calls().empty());
}

TEST_F(ServiceTest, CallsByName) {
  EXPECT_EQ(host_.answer_to(host_.call("echo", 5, "{}"))->status, BP_E_NOT_FOUND);
  host_.offer("kv/1", [](const bp::testing::open_call& call) {
    return std::optional<bp::result<std::string>>(call.method_name + call.request);
  });
  EXPECT_EQ(host_.answer_to(host_.call("echo", 5, "{}"))->bytes, "Get{}");
}

}  // namespace
