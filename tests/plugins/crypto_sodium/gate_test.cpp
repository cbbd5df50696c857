// tests/plugins/crypto_sodium/gate_test.cpp - bounded, fair, and no death keeps a place taken.
#include "gate.hpp"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "backplane/cpp/task.hpp"

namespace crypto_sodium {
namespace {

/// A coroutine of its own, standing on the test's queue.
struct Visit {
  struct promise_type {
    Visit get_return_object() {
      return Visit(std::coroutine_handle<promise_type>::from_promise(*this));
    }

    std::suspend_always initial_suspend() noexcept { return {}; }

    std::suspend_always final_suspend() noexcept { return {}; }

    void return_void() {}

    void unhandled_exception() { failure = std::current_exception(); }

    bp::surroundings around;
    std::exception_ptr failure;
  };

  explicit Visit(std::coroutine_handle<promise_type> of) : frame(of) {}

  Visit(Visit&& other) noexcept : frame(std::exchange(other.frame, {})) {}

  Visit(const Visit&) = delete;

  ~Visit() {
    if (frame) {
      frame.destroy();
    }
  }

  std::coroutine_handle<promise_type> frame;
};

class GateTest : public ::testing::Test {
 protected:
  /// Enters, notes its name, and stays inside until its pass is dropped.
  Visit visit(std::string name) {
    auto pass = co_await gate.enter();
    if (!pass) {
      told += name + ":" + std::to_string(pass.error().code()) + " ";
      co_return;
    }
    told += name + " ";
    passes.push_back(std::move(*pass));
  }

  Visit start(std::string name, bp::cancel_scope& in) {
    Visit one = visit(std::move(name));
    one.frame.promise().around = {&queue, &in};
    one.frame.resume();
    return one;
  }

  void one_leaves() {
    passes.erase(passes.begin());
    queue.drain();
  }

  bp::ready_queue queue;
  bp::cancel_scope scope;
  Gate gate{2, 2};
  std::list<Gate::Pass> passes;
  std::string told;
};

TEST_F(GateTest, LetsTwoInTwoWaitAndSendsTheRestAway) {
  std::vector<Visit> visits;
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    visits.push_back(start(name, scope));
  }
  EXPECT_EQ(told, "a b e:" + std::to_string(BP_E_BUSY) + " ");
  EXPECT_EQ(gate.inside(), 2U);
  EXPECT_EQ(gate.waiting(), 2U);
  told.clear();
  one_leaves();
  EXPECT_EQ(told, "c ");
  one_leaves();
  one_leaves();
  one_leaves();
  EXPECT_EQ(told, "c d ");
  EXPECT_EQ(gate.inside(), 0U);
}

TEST_F(GateTest, ACancelledOneLosesItsTurnOnly) {
  bp::cancel_scope own;
  const Visit a = start("a", scope);
  const Visit b = start("b", scope);
  const Visit c = start("c", own);
  const Visit d = start("d", scope);
  own.cancel();
  queue.drain();
  EXPECT_TRUE(c.frame.promise().failure);
  EXPECT_EQ(gate.waiting(), 1U);
  one_leaves();
  EXPECT_EQ(told, "a b d ");
}

TEST_F(GateTest, WhoIsLetInButDiesGivesThePlaceOn) {
  const Visit a = start("a", scope);
  const Visit b = start("b", scope);
  auto c = std::make_unique<Visit>(start("c", scope));
  const Visit d = start("d", scope);
  passes.clear();  // both leave: c and d are let in, but nobody ran yet
  c.reset();
  queue.drain();
  EXPECT_EQ(told, "a b d ");
  EXPECT_EQ(gate.inside(), 1U);
}

TEST_F(GateTest, ClosingRefusesWhoWaitsAndWhoComes) {
  const Visit a = start("a", scope);
  const Visit b = start("b", scope);
  const Visit c = start("c", scope);
  gate.close();
  queue.drain();
  const Visit d = start("d", scope);
  const std::string closed = ":" + std::to_string(BP_E_UNAVAILABLE) + " ";
  EXPECT_EQ(told, "a b c" + closed + "d" + closed);
  EXPECT_EQ(gate.inside(), 2U);
  passes.clear();
  EXPECT_EQ(gate.inside(), 0U);
}

TEST_F(GateTest, WhoDiesWaitingIsForgotten) {
  const Visit a = start("a", scope);
  const Visit b = start("b", scope);
  auto c = std::make_unique<Visit>(start("c", scope));
  c.reset();
  EXPECT_EQ(gate.waiting(), 0U);
  one_leaves();
  EXPECT_EQ(gate.inside(), 1U);
}

}  // namespace
}  // namespace crypto_sodium
