// tests/host/service/call_test.cpp - a call ends exactly once.
#include "host/service/call.hpp"

#include <atomic>
#include <future>
#include <thread>

#include <gtest/gtest.h>

namespace host::service {
namespace {

TEST(Call, TheFirstToFinishWins) {
  std::vector<bp_status> answers;
  FunctionCall call(1, {}, 0, [&](Reply&& reply) { answers.push_back(reply.status); });
  EXPECT_TRUE(call.finish({BP_OK, {}, std::nullopt}));
  EXPECT_FALSE(call.finish(Reply::failure({BP_E_TIMEOUT, "late"})));
  EXPECT_FALSE(call.cancel());
  EXPECT_EQ(answers, std::vector<bp_status>{BP_OK});
}

TEST(Call, ACancelledOneAnswersNobodyButIsOver) {
  bool answered = false;
  bool told = false;
  FunctionCall call(1, {}, 0, [&](Reply&&) { answered = true; });
  call.on_close([&] { told = true; });
  EXPECT_TRUE(call.cancel());
  EXPECT_TRUE(told);
  EXPECT_FALSE(answered);
  bool late = false;
  call.on_close([&] { late = true; });
  EXPECT_TRUE(late) << "a hook that comes after the end runs at once";
}

TEST(Call, TimesOutAtItsDeadline) {
  runtime::TimerQueue timers;
  std::promise<bp_status> answer;
  const auto call =
      std::make_shared<FunctionCall>(1, message::Message{}, runtime::now_ns() + 1'000'000,
                                     [&](Reply&& reply) { answer.set_value(reply.status); });
  arm_deadline(timers, call);
  EXPECT_EQ(answer.get_future().get(), BP_E_TIMEOUT);
}

TEST(Call, ManyThreadsFinishItOnce) {
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> answers{0};
    std::atomic<int> wins{0};
    FunctionCall call(1, {}, 0, [&](Reply&&) { ++answers; });
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] { wins += (t == 0 ? call.cancel() : call.finish({})) ? 1 : 0; });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    EXPECT_EQ(wins, 1);
    EXPECT_LE(answers, 1);
  }
}

}  // namespace
}  // namespace host::service
