// tests/sdk/cpp/mailbox_test.cpp - from other threads to the strand.
#include "backplane/cpp/mailbox.hpp"

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "in_task.hpp"

using namespace std::chrono_literals;

namespace {

TEST(StrandHandle, RunsWhatManyThreadsPost) {
  tests::Stage stage;
  const bp::strand_handle strand = stage.cx().strand();
  int sum = 0;  // touched on the strand only
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&sum, strand] {
      for (int n = 0; n < 500; ++n) {
        EXPECT_TRUE(strand.post([&sum] { ++sum; }));
      }
    });
  }
  EXPECT_TRUE(stage.host().pump_until([&sum] { return sum == 2000; }));
}

TEST(StrandHandle, OutlivesTheInstance) {
  bp::strand_handle strand;
  EXPECT_EQ(strand.post([] {}).error().code(), BP_E_CLOSED);
  {
    tests::Stage stage;
    strand = stage.cx().strand();
    ASSERT_TRUE(stage.host().stop());
    EXPECT_EQ(strand.post([] {}).error().code(), BP_E_CLOSED);
  }
  EXPECT_EQ(strand.post([] {}).error().code(), BP_E_CLOSED);
}

TEST(StrandHandle, FaultsWithWhatAPostedFunctionThrew) {
  tests::Stage stage;
  bool ran = false;
  (void)stage.cx().post([] { throw std::runtime_error("posted"); });
  (void)stage.cx().post([&ran] { ran = true; });
  stage.host().pump();
  EXPECT_EQ(stage.host().faults(), std::vector<std::string>{"exception: posted"});
  EXPECT_TRUE(ran);
}

TEST(Completion, BringsAnAnswerFromAnotherThread) {
  tests::Stage stage;
  std::string got;
  std::jthread writer;
  stage.run([&](bp::context& cx) -> bp::task<void> {
    auto done = cx.completion<std::string>();
    auto arrival = done.arrival();
    writer = std::jthread([done = std::move(done)]() mutable { done.set("written"); });
    got = *co_await arrival;
  });
  EXPECT_TRUE(stage.host().pump_until([&got] { return !got.empty(); }));
  EXPECT_EQ(got, "written");
}

TEST(Completion, SaysThatItWasDropped) {
  tests::Stage stage;
  bp_status status = BP_OK;
  stage.run([&](bp::context& cx) -> bp::task<void> {
    auto done = cx.completion<int>();
    auto arrival = done.arrival();
    {
      const auto dropped = std::move(done);
    }
    status = (co_await arrival).error().code();
  });
  EXPECT_EQ(status, BP_E_ABANDONED);
}

TEST(Completion, MayComeAfterTheEnd) {
  bp::completion<int> late;
  {
    tests::Stage stage;
    stage.run([&](bp::context& cx) -> bp::task<void> {
      late = cx.completion<int>();
      (void)co_await late.arrival();
    });
    ASSERT_TRUE(stage.host().stop());
  }
  late.set(1);  // nobody waits, nothing happens
}

}  // namespace
