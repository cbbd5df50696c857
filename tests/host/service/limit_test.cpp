// tests/host/service/limit_test.cpp - never more than the limit at work, in order, each call ends
// once; against a model and from many threads.
#include "host/service/limit.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "host/service/service.hpp"

namespace host::service {
namespace {

// Holds what it was given until it is told to answer.
class Desk final : public Provider {
 public:
  bp_status submit(const std::shared_ptr<Call>& call, std::uint64_t /*token*/) override {
    const std::lock_guard lock(mutex_);
    if (refuses != BP_OK) {
      return refuses;
    }
    const std::uint64_t handle = ++last_;
    if (!call->assign(self, handle)) {
      return BP_E_CANCELLED;
    }
    open_[handle] = call;
    most_ = std::max(most_, open_.size());
    seen.push_back(call.get());
    return BP_OK;
  }

  void call_ended(std::uint64_t handle) override {
    const std::lock_guard lock(mutex_);
    told += static_cast<int>(open_.erase(handle));
  }

  // The oldest one. False: there is none.
  bool answer_one(bp_status status = BP_OK) {
    std::shared_ptr<Call> call;
    {
      const std::lock_guard lock(mutex_);
      if (open_.empty()) {
        return false;
      }
      call = open_.begin()->second;
      open_.erase(open_.begin());
    }
    Reply reply;
    reply.status = status;
    call->answer(std::move(reply));
    return true;
  }

  Reply run_inline(const Method& /*method*/, const message::Message& /*request*/) override {
    return {};
  }

  bp_status answer_inline(const Method& /*method*/, const bp_buf& /*request*/, bp_buf& /*reply*/,
                          bp_error& /*error*/) override {
    return BP_E_UNSUPPORTED;
  }

  bp_status take_reply(const bp_buf& /*reply*/, message::Message& /*out*/) override {
    return BP_E_UNSUPPORTED;
  }

  [[nodiscard]] bool on_this_stack() const noexcept override { return false; }

  [[nodiscard]] std::size_t open() const {
    const std::lock_guard lock(mutex_);
    return open_.size();
  }

  [[nodiscard]] std::size_t most() const {
    const std::lock_guard lock(mutex_);
    return most_;
  }

  std::weak_ptr<Provider> self;
  bp_status refuses = BP_OK;
  int told = 0;
  std::vector<const Call*> seen;

 private:
  mutable std::mutex mutex_;
  std::uint64_t last_ = 0;
  std::size_t most_ = 0;
  std::map<std::uint64_t, std::shared_ptr<Call>> open_;
};

Method limited(std::uint32_t id, const std::string& name, std::uint32_t concurrency,
               std::uint32_t queue) {
  Method method{id, 0, name, "bytes", "bytes", nullptr, nullptr};
  method.concurrency_max = concurrency;
  method.queue_max = queue;
  return method;
}

struct Office {
  explicit Office(std::uint32_t concurrency, std::uint32_t queue)
      : service(std::make_shared<Service>(
            Service::Description{
                "s",
                1,
                0,
                "owner",
                {limited(1, "Slow", concurrency, queue), limited(2, "Free", 0, 0)}},
            desk, 1)) {
    desk->self = desk;
  }

  ~Office() { service->shut(); }

  struct Made {
    std::shared_ptr<FunctionCall> call;
    std::optional<Reply> at_once;
    std::shared_ptr<std::vector<bp_status>> ends = std::make_shared<std::vector<bp_status>>();
  };

  Made call(std::uint32_t method = 1) {
    Made made;
    made.call = std::make_shared<FunctionCall>(
        method, message::Message{}, 0,
        [ends = made.ends](Reply&& reply) { ends->push_back(reply.status); });
    made.at_once = service->invoke(made.call, runtime::now_ns());
    return made;
  }

  [[nodiscard]] Limit::Load load() const { return service->limit(*service->method(1U))->load(); }

  std::shared_ptr<Desk> desk = std::make_shared<Desk>();
  std::shared_ptr<Service> service;
};

Reply late() {
  return Reply::failure({BP_E_TIMEOUT, "late"});
}

TEST(Limit, WhatIsBeyondItWaitsAndGoesOnInOrder) {
  Office office(2, 8);
  std::vector<Office::Made> made;
  for (int i = 0; i < 5; ++i) {
    made.push_back(office.call());
  }
  EXPECT_EQ(office.desk->open(), 2U);
  EXPECT_EQ(office.load().waiting, 3U);
  while (office.desk->answer_one()) {
  }
  ASSERT_EQ(office.desk->seen.size(), 5U);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(office.desk->seen[i], made[i].call.get()) << i;
    EXPECT_EQ(*made[i].ends, std::vector<bp_status>{BP_OK}) << i;
  }
  EXPECT_EQ(office.desk->most(), 2U);
  EXPECT_EQ(office.load().working, 0U);
}

TEST(Limit, BothReachedIsBusyAndNamesThem) {
  Office office(2, 1);
  std::vector<Office::Made> made;
  for (int i = 0; i < 3; ++i) {
    made.push_back(office.call());
  }
  const Office::Made refused = office.call();
  ASSERT_TRUE(refused.at_once);
  EXPECT_EQ(refused.at_once->status, BP_E_BUSY);
  EXPECT_EQ(refused.at_once->error->text(),
            "service 's' of 'owner': method 'Slow' has its 2 calls at work (concurrency_max) and 1 "
            "waiting (queue_max); fix: call again later, or raise the limits where the plugin "
            "provides the service");
  EXPECT_TRUE(refused.ends->empty());
  const Service::Counts counts = office.service->counts(*office.service->method(1U));
  EXPECT_EQ(counts.calls, 4U);
  EXPECT_EQ(counts.busy, 1U);
  EXPECT_EQ(counts.failures, 1U);
}

TEST(Limit, OtherMethodsGoOn) {
  Office office(1, 0);
  const Office::Made slow = office.call();
  EXPECT_EQ(office.call().at_once->status, BP_E_BUSY);
  const Office::Made other = office.call(2);
  EXPECT_FALSE(other.at_once);
  EXPECT_EQ(office.desk->open(), 2U);
  EXPECT_EQ(office.service->limit(*office.service->method(2U)), nullptr);
}

TEST(Limit, ThoseThatEndWhileTheyWaitLeaveTheLine) {
  Office office(1, 3);
  const Office::Made first = office.call();
  const Office::Made cancelled = office.call();
  const Office::Made timed_out = office.call();
  const Office::Made last = office.call();
  EXPECT_TRUE(cancelled.call->cancel());
  EXPECT_TRUE(timed_out.call->finish(late()));
  EXPECT_EQ(office.load().waiting, 1U);
  const Office::Made one_more = office.call();
  EXPECT_FALSE(one_more.at_once) << "there is room again";
  EXPECT_EQ(office.desk->told, 0) << "the provider has never seen them";
  while (office.desk->answer_one()) {
  }
  EXPECT_EQ(office.desk->seen.size(), 3U);
  EXPECT_TRUE(cancelled.ends->empty());
  EXPECT_EQ(*timed_out.ends, std::vector<bp_status>{BP_E_TIMEOUT});
  EXPECT_EQ(*one_more.ends, std::vector<bp_status>{BP_OK});
}

TEST(Limit, TheProviderIsToldOfACallBeforeAnotherTakesItsPlace) {
  Office office(1, 3);
  const Office::Made first = office.call();
  const Office::Made second = office.call();
  EXPECT_TRUE(first.call->finish(late()));
  EXPECT_EQ(office.desk->told, 1);
  EXPECT_EQ(office.desk->open(), 1U);
  EXPECT_EQ(office.desk->most(), 1U);
}

TEST(Limit, TheLineIsAbandonedWhenTheServiceEnds) {
  Office office(1, 3);
  const Office::Made working = office.call();
  const Office::Made waiting = office.call();
  office.service->shut();
  EXPECT_EQ(*waiting.ends, std::vector<bp_status>{BP_E_ABANDONED});
  EXPECT_TRUE(working.ends->empty()) << "what the provider has is its own to answer";
  EXPECT_EQ(office.call().at_once->status, BP_E_UNAVAILABLE);
  EXPECT_TRUE(office.desk->answer_one());
  EXPECT_EQ(*working.ends, std::vector<bp_status>{BP_OK});
}

TEST(Limit, AProviderThatRefusesTheNextOneEndsItInsteadOfLosingIt) {
  Office office(1, 3);
  const Office::Made first = office.call();
  const Office::Made second = office.call();
  const Office::Made third = office.call();
  office.desk->refuses = BP_E_UNAVAILABLE;
  EXPECT_TRUE(office.desk->answer_one());
  EXPECT_EQ(*second.ends, std::vector<bp_status>{BP_E_UNAVAILABLE});
  EXPECT_EQ(*third.ends, std::vector<bp_status>{BP_E_UNAVAILABLE});
  EXPECT_EQ(office.load().working + office.load().waiting, 0U);
}

TEST(Limit, ACallThatIsOverBeforeItArrivesTakesNoPlace) {
  Office office(1, 1);
  Office::Made gone;
  gone.call = std::make_shared<FunctionCall>(1, message::Message{}, 0, [](Reply&&) {});
  gone.call->cancel();
  EXPECT_FALSE(office.service->invoke(gone.call, runtime::now_ns()));
  EXPECT_EQ(office.load().working, 0U);
  const Office::Made working = office.call();
  auto over = std::make_shared<FunctionCall>(1, message::Message{}, 0, [](Reply&&) {});
  over->cancel();
  EXPECT_FALSE(office.service->invoke(over, runtime::now_ns()));
  EXPECT_EQ(office.load().waiting, 0U);
}

// Random arrivals, answers, cancels and deadlines, against two lists.
RC_GTEST_PROP(LimitModel, IsKept, ()) {
  const auto concurrency = *rc::gen::inRange<std::uint32_t>(1, 5);
  const auto queue = *rc::gen::inRange<std::uint32_t>(0, 6);
  const auto steps = *rc::gen::container<std::vector<std::pair<unsigned, unsigned>>>(
      rc::gen::pair(rc::gen::inRange(0U, 10U), rc::gen::arbitrary<unsigned>()));
  Office office(concurrency, queue);
  std::vector<Office::Made> made;
  std::vector<bool> expected_end;  // exactly one end is reported, or none (cancelled)
  std::deque<std::size_t> working;
  std::deque<std::size_t> waiting;
  std::vector<const Call*> order;
  const auto let_in = [&] {
    while (working.size() < concurrency && !waiting.empty()) {
      order.push_back(made[waiting.front()].call.get());
      working.push_back(waiting.front());
      waiting.pop_front();
    }
  };
  for (const auto& [what, which] : steps) {
    if (what < 5) {
      made.push_back(office.call());
      expected_end.push_back(true);
      const bool fits = working.size() < concurrency || waiting.size() < queue;
      RC_ASSERT(made.back().at_once.has_value() == !fits);
      if (fits) {
        waiting.push_back(made.size() - 1);
      } else {
        RC_ASSERT(made.back().at_once->status == BP_E_BUSY);
        expected_end.back() = false;
      }
    } else if (what < 7) {
      RC_ASSERT(office.desk->answer_one() == !working.empty());
      if (!working.empty()) {
        working.pop_front();
      }
    } else if (!made.empty()) {
      const std::size_t chosen = which % made.size();
      const bool open = std::erase(working, chosen) + std::erase(waiting, chosen) != 0;
      const bool cancels = what == 7;
      if (!made[chosen].at_once) {
        RC_ASSERT((cancels ? made[chosen].call->cancel() : made[chosen].call->finish(late())) ==
                  open);
        expected_end[chosen] = expected_end[chosen] && !(cancels && open);
      }
    }
    let_in();
    RC_ASSERT(office.load().working == working.size());
    RC_ASSERT(office.load().waiting == waiting.size());
    RC_ASSERT(office.desk->open() == working.size());
    RC_ASSERT(office.desk->most() <= concurrency);
    RC_ASSERT(office.desk->seen == order);
  }
  office.service->shut();
  while (office.desk->answer_one()) {
  }
  for (std::size_t i = 0; i < made.size(); ++i) {
    RC_ASSERT(made[i].ends->size() == (expected_end[i] ? 1U : 0U));
  }
}

// The same from many threads: who calls, who answers, who gives up.
TEST(LimitThreads, NeverMoreThanTheLimitAndEachCallEndsOnce) {
  constexpr std::size_t callers = 4;
  constexpr std::size_t calls_each = 2'000;
  constexpr std::uint32_t concurrency = 3;
  Office office(concurrency, 5);

  struct Tally {
    std::atomic<int> ends{0};
    std::atomic<bool> cancelled{false};
  };

  std::vector<std::array<Tally, calls_each>> tallies(callers);
  std::atomic<std::size_t> busy{0};
  std::atomic<std::size_t> finished_callers{0};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < callers; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(static_cast<unsigned>(t));
      std::vector<std::pair<std::shared_ptr<FunctionCall>, Tally*>> open;
      for (Tally& tally : tallies[t]) {
        auto call = std::make_shared<FunctionCall>(1, message::Message{}, 0,
                                                   [&tally](Reply&&) { ++tally.ends; });
        if (office.service->invoke(call, runtime::now_ns())) {
          ++tally.ends;
          ++busy;
          std::this_thread::yield();
          continue;
        }
        open.emplace_back(std::move(call), &tally);
        auto& [chosen, its_tally] = open[random() % open.size()];
        if (random() % 4 == 0) {
          chosen->finish(late());
        } else if (random() % 4 == 0 && its_tally->ends == 0 && chosen->cancel()) {
          its_tally->cancelled = true;
        }
      }
      ++finished_callers;
    });
  }
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      while (finished_callers < callers || office.desk->open() > 0) {
        if (!office.desk->answer_one()) {
          std::this_thread::yield();
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_LE(office.desk->most(), concurrency);
  EXPECT_EQ(office.load().working + office.load().waiting, 0U);
  std::size_t ends = 0;
  for (const auto& caller : tallies) {
    for (const Tally& tally : caller) {
      EXPECT_EQ(tally.ends + (tally.cancelled ? 1 : 0), 1);
      ++ends;
    }
  }
  EXPECT_EQ(ends, callers * calls_each);
  EXPECT_EQ(office.service->counts(*office.service->method(1U)).busy, busy);
}

}  // namespace
}  // namespace host::service
