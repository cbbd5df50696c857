// tests/host/runtime/watchdog_test.cpp - a handler that does not return is named, once, and its
// thread replaced, so that others go on.
#include "host/runtime/watchdog.hpp"

#include <condition_variable>
#include <future>
#include <latch>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "host/runtime/runtime.hpp"

namespace host::runtime {
namespace {

struct Report {
  std::string name;
  std::uint64_t ran_ns;
  bool replaced;
};

// What the watchdog told, and a way to wait for it.
class Reports {
 public:
  void add(const Overrun& overrun) {
    const std::lock_guard lock(mutex_);
    all_.push_back({std::string(overrun.name), overrun.ran_ns, overrun.replaced});
    changed_.notify_all();
  }

  std::vector<Report> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return all_.size() >= count; });
    return all_;
  }

  std::size_t size() {
    const std::lock_guard lock(mutex_);
    return all_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Report> all_;
};

class Watched : public testing::Test {
 protected:
  static constexpr std::uint64_t deadline_ns = 40'000'000;

  Runtime::Options options(unsigned workers) {
    Runtime::Options made;
    made.workers = workers;
    made.watchdog = {deadline_ns, [this](const Overrun& overrun) { stuck_.add(overrun); },
                     [this](const Overrun& overrun) { returned_.add(overrun); }};
    return made;
  }

  // A handler that runs until its latch is released.
  struct Hanging {
    std::latch entered{1};
    std::latch release{1};
    std::shared_ptr<Strand> strand;
  };

  static void hang(Runtime& runtime, Hanging& hanging, const std::string& name) {
    hanging.strand = runtime.make_strand(
        [&hanging] {
          hanging.entered.count_down();
          hanging.release.wait();
          return false;
        },
        name);
    hanging.strand->schedule();
    hanging.entered.wait();
  }

  Reports stuck_;
  Reports returned_;
};

TEST_F(Watched, AStuckHandlerIsNamedOnceAndOthersGoOn) {
  Runtime runtime(options(1));
  Hanging hanging;
  hang(runtime, hanging, "bad");
  std::latch other_ran(1);
  runtime.post([&] { other_ran.count_down(); });  // waits for the only worker
  const Report report = stuck_.wait_for(1).front();
  EXPECT_EQ(report.name, "bad");
  EXPECT_GE(report.ran_ns, deadline_ns);
  EXPECT_TRUE(report.replaced);
  other_ran.wait();
  EXPECT_EQ(returned_.size(), 0U);
  hanging.release.count_down();
  const Report returned = returned_.wait_for(1).front();
  EXPECT_EQ(returned.name, "bad");
  EXPECT_GE(returned.ran_ns, report.ran_ns);
  EXPECT_EQ(stuck_.size(), 1U);
  EXPECT_EQ(runtime.overruns(), (std::map<std::string, std::uint64_t>{{"bad", 1}}));
  EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
}

TEST_F(Watched, WhatAStuckHandlerScheduledRunsElsewhere) {
  Runtime runtime(options(1));
  std::latch others_ran(3);
  std::latch entered(1);
  std::latch release(1);
  std::vector<std::shared_ptr<Strand>> others;
  for (int i = 0; i < 3; ++i) {
    others.push_back(runtime.make_strand([&] {
      others_ran.count_down();
      return false;
    }));
  }
  runtime.post([&] {
    for (const auto& other : others) {
      other->schedule();
    }
    others_ran.wait();
    entered.count_down();
    release.wait();
  });
  entered.wait();
  release.count_down();
  EXPECT_EQ(stuck_.wait_for(1).front().name, "host");
  EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
}

TEST_F(Watched, AThreadThatReturnsGivesItsReplacementBack) {
  Runtime runtime(options(1));
  for (unsigned i = 1; i <= 2 * replacement_threads_max; ++i) {
    Hanging hanging;
    hang(runtime, hanging, "slow");
    EXPECT_TRUE(stuck_.wait_for(i).back().replaced);
    hanging.release.count_down();
    returned_.wait_for(i);
  }
  EXPECT_EQ(runtime.overruns().at("slow"), 2 * replacement_threads_max);
  EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
}

TEST_F(Watched, ReplacesAtMostSoManyAtATime) {
  Runtime runtime(options(1));
  std::vector<std::unique_ptr<Hanging>> hanging;
  for (unsigned i = 0; i <= replacement_threads_max; ++i) {
    hanging.push_back(std::make_unique<Hanging>());
    hang(runtime, *hanging.back(), "bad" + std::to_string(i));
    const Report report = stuck_.wait_for(i + 1).back();
    EXPECT_EQ(report.name, "bad" + std::to_string(i));
    EXPECT_EQ(report.replaced, i < replacement_threads_max);
  }
  EXPECT_FALSE(runtime.replace_stuck_worker("bad4"));
  // One comes back: the last one gets its replacement after all.
  std::latch other_ran(1);
  runtime.post([&] { other_ran.count_down(); });
  hanging.front()->release.count_down();
  other_ran.wait();
  for (std::size_t i = 1; i < hanging.size(); ++i) {
    hanging[i]->release.count_down();
  }
  EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
}

TEST_F(Watched, ReplacesOnRequestAndOnce) {
  Runtime::Options patient = options(1);
  patient.watchdog.handler_deadline_ns = 3'600'000'000'000;
  Runtime runtime(std::move(patient));
  EXPECT_FALSE(runtime.replace_stuck_worker("bad"));
  Hanging hanging;
  hang(runtime, hanging, "bad");
  EXPECT_FALSE(runtime.replace_stuck_worker("other"));
  EXPECT_TRUE(runtime.replace_stuck_worker("bad"));
  EXPECT_TRUE(runtime.replace_stuck_worker("bad"));  // it is, already
  Hanging more;
  hang(runtime, more, "more");
  std::latch third(1);
  runtime.post([&] { third.count_down(); });
  EXPECT_TRUE(runtime.replace_stuck_worker());  // whoever it is
  third.wait();
  hanging.release.count_down();
  more.release.count_down();
  EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
}

TEST_F(Watched, HandlersInTimeAreNotReported) {
  Runtime runtime(options(2));
  std::promise<void> done;
  const std::uint64_t until = now_ns() + 4 * deadline_ns;
  const auto strand = runtime.make_strand([&] {
    if (now_ns() < until) {
      return true;  // long at work, but in short batches
    }
    done.set_value();
    return false;
  });
  strand->schedule();
  done.get_future().wait();
  EXPECT_EQ(stuck_.size(), 0U);
  EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
}

}  // namespace
}  // namespace host::runtime
