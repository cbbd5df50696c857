// tests/host/runtime/scheduler_test.cpp - who runs next, that nobody starves, that no wake is lost.
#include "host/runtime/scheduler.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <future>
#include <latch>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "host/runtime/runtime.hpp"

namespace host::runtime {
namespace {

Runtime::Options options_of(unsigned workers, std::uint64_t spin_ns = spin_ns_default) {
  Runtime::Options options;
  options.workers = workers;
  options.spin_ns = spin_ns;
  return options;
}

TEST(Scheduler, RunsWhatABodyScheduledLastRightAfterIt) {
  Runtime runtime(1, 1);
  std::promise<void> done;
  std::vector<int> order;
  std::vector<std::shared_ptr<Strand>> others;
  for (int i = 0; i < 4; ++i) {
    others.push_back(runtime.make_strand([&, i] {
      order.push_back(i);
      if (order.size() == 4) {
        done.set_value();
      }
      return false;
    }));
  }
  runtime.post([&] {
    for (const auto& other : others) {
      other->schedule();
    }
  });
  done.get_future().wait();
  EXPECT_EQ(order, (std::vector{3, 0, 1, 2}));
  EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
}

TEST(Scheduler, ABusyStrandDoesNotStarveOneOfAnotherThread) {
  Runtime runtime(1, 1);
  std::promise<void> other_ran;
  std::atomic<bool> stop{false};
  const auto busy = runtime.make_strand([&] { return !stop.load(); });
  const auto other = runtime.make_strand([&] {
    stop = true;
    other_ran.set_value();
    return false;
  });
  busy->schedule();
  other->schedule();
  other_ran.get_future().wait();
  EXPECT_TRUE(stop);
  EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
}

// Turns may take milliseconds: few of them, not dozens, may lie between.
TEST(Scheduler, AStrandOfAnotherThreadWaitsForFewTurnsOfABusyOne) {
  Runtime runtime(1, 1);
  std::promise<int> turns_before;
  std::shared_ptr<Strand> other;
  int turns = 0;
  bool done = false;
  const auto busy = runtime.make_strand([&] {
    if (++turns % 100 == 1 && !done) {
      std::thread([&] { other->schedule(); }).join();
      turns = 1;
    }
    return !done;
  });
  int worst = 0;
  int runs = 0;
  other = runtime.make_strand([&] {
    worst = std::max(worst, turns);
    if (++runs == 100) {
      done = true;
      turns_before.set_value(worst);
    }
    return false;
  });
  busy->schedule();
  EXPECT_LE(turns_before.get_future().get(), 8);
  EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
}

TEST(Scheduler, ACrowdFromAnotherThreadDoesNotWaitForATurnEach) {
  Runtime runtime(1, 1);
  constexpr int crowd = 1'000;
  std::promise<int> turns_before;
  int turns = 0;
  int left = crowd;
  const auto busy = runtime.make_strand([&] {
    if (++turns == 1) {
      std::thread([&] {
        for (int i = 0; i < crowd; ++i) {
          runtime.post([&] {
            if (--left == 0) {
              turns_before.set_value(turns);
            }
          });
        }
      }).join();
    }
    return left > 0;
  });
  busy->schedule();
  EXPECT_LE(turns_before.get_future().get(), crowd / 10);
  EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
}

TEST(Scheduler, TwoThatWakeEachOtherDoNotStarveAThird) {
  Runtime runtime(1, 1);
  std::promise<int> rounds_before;
  std::atomic<bool> stop{false};
  int rounds = 0;
  std::shared_ptr<Strand> ping;
  std::shared_ptr<Strand> pong;
  ping = runtime.make_strand([&] {
    ++rounds;
    if (!stop) {
      pong->schedule();
    }
    return false;
  });
  pong = runtime.make_strand([&] {
    ping->schedule();
    return false;
  });
  const auto third = runtime.make_strand([&] {
    stop = true;
    rounds_before.set_value(rounds);
    return false;
  });
  runtime.post([&] {
    third->schedule();
    ping->schedule();
  });
  EXPECT_LE(rounds_before.get_future().get(), 3);
  EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
}

TEST(Scheduler, RunsAllThatOneBodySchedulesHoweverMany) {
  Runtime runtime(1, 1);
  constexpr int many = 2'000;
  std::latch ran(many);
  std::vector<std::shared_ptr<Strand>> others;
  for (int i = 0; i < many; ++i) {
    others.push_back(runtime.make_strand([&] {
      ran.count_down();
      return false;
    }));
  }
  runtime.post([&] {
    for (const auto& other : others) {
      other->schedule();
    }
  });
  ran.wait();
  EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
}

TEST(Scheduler, IdleWorkersTakeWhatALongBodyScheduled) {
  Runtime runtime(2, 1);
  std::latch ran(50);
  std::promise<void> done;
  std::vector<std::shared_ptr<Strand>> others;
  for (int i = 0; i < 50; ++i) {
    others.push_back(runtime.make_strand([&] {
      ran.count_down();
      return false;
    }));
  }
  runtime.post([&] {
    for (const auto& other : others) {
      other->schedule();
    }
    ran.wait();  // also for the last of them, which stands in this worker's `next`
    done.set_value();
  });
  done.get_future().wait();
  EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
}

// A lost wake leaves a strand queued while all workers sleep, and the test hangs. Each time the
// wake comes a little later after the worker's last batch, so that it meets every step of its way
// to bed.
TEST(Scheduler, LosesNoWakeOfAnotherThread) {
  constexpr int rounds = 20'000;
  constexpr int steps = 400;
  constexpr int looks_max = 2'000;  // then let others have the processor
  for (const std::uint64_t spin_ns : {std::uint64_t{0}, std::uint64_t{1'000}}) {
    for (const unsigned workers : {1U, 2U, 3U}) {
      Runtime runtime(options_of(workers, spin_ns));
      std::atomic<int> ran{0};
      const auto strand = runtime.make_strand([&] {
        ran.fetch_add(1);
        return false;
      });
      for (int i = 1; i <= rounds; ++i) {
        strand->schedule();
        for (int looks = 0; ran.load() < i; ++looks) {
          if (looks > looks_max) {
            std::this_thread::yield();
          }
        }
        for (int step = i % steps; step > 0; --step) {
          (void)ran.load();
        }
      }
      EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
    }
  }
}

// The second wakes nobody, because the first is on its way to a worker that was woken for it: that
// worker makes up for it before it runs the first, which waits for the second.
TEST(Scheduler, WorkThatCameWhileAWorkerSearchedWakesAnother) {
  Runtime runtime(options_of(2, 0));
  std::atomic<int> first_round{0};
  std::atomic<int> second_round{0};
  std::atomic<int> wanted{0};
  // Waiting sleeps: two threads that yield in a loop keep the third from two busy cores for long.
  const auto await = [](std::atomic<int>& round, int at_least) {
    for (int seen = round.load(); seen < at_least; seen = round.load()) {
      round.wait(seen);
    }
  };
  const auto count = [](std::atomic<int>& round) {
    round.fetch_add(1);
    round.notify_all();
  };
  const auto first = runtime.make_strand([&] {
    await(second_round, wanted.load());
    count(first_round);
    return false;
  });
  const auto second = runtime.make_strand([&] {
    count(second_round);
    return false;
  });
  for (int i = 1; i <= 3'000; ++i) {
    wanted = i;
    first->schedule();
    second->schedule();
    await(first_round, i);
  }
  EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
}

// Tokens wander between strands, two of which may be scheduled by a body, while threads put more
// in. None may get lost: not in rings, in `next`, when stolen, nor asleep.
TEST(Scheduler, EveryTokenArrives) {
  constexpr std::size_t count = 64;
  constexpr int tokens = 20'000;
  constexpr unsigned hops_max = 40;
  for (const unsigned workers : {1U, 2U, 4U}) {
    Runtime runtime(options_of(workers, workers == 2 ? 0 : 1'000));

    struct Node {
      std::mutex mutex;
      std::vector<unsigned> hops;
      std::minstd_rand random;
      std::shared_ptr<Strand> strand;
    };

    std::array<Node, count> nodes;
    std::atomic<int> arrived{0};
    const auto give = [&](std::size_t to, unsigned hops) {
      {
        const std::lock_guard lock(nodes[to].mutex);
        nodes[to].hops.push_back(hops);
      }
      nodes[to].strand->schedule();
    };
    for (std::size_t n = 0; n < count; ++n) {
      nodes[n].random.seed(static_cast<unsigned>(n + 1));
      nodes[n].strand = runtime.make_strand([&, n] {
        std::vector<unsigned> taken;
        bool more = false;
        {
          const std::lock_guard lock(nodes[n].mutex);
          std::vector<unsigned>& there = nodes[n].hops;
          const std::size_t some = std::min<std::size_t>(there.size(), 8);
          taken.assign(there.end() - static_cast<std::ptrdiff_t>(some), there.end());
          there.resize(there.size() - some);
          more = !there.empty();
        }
        for (const unsigned hops : taken) {
          if (hops == 0) {
            arrived.fetch_add(1);
          } else {
            give(nodes[n].random() % count, hops - 1);
          }
        }
        return more;
      });
    }
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 2; ++t) {
      threads.emplace_back([&, t] {
        std::minstd_rand random(t + 7);
        for (int i = 0; i < tokens / 2; ++i) {
          give(random() % count, static_cast<unsigned>(random() % hops_max));
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    while (arrived.load() < tokens) {
      std::this_thread::yield();
    }
    EXPECT_EQ(arrived.load(), tokens);
    EXPECT_EQ(runtime.stop(now_ns() + 10'000'000'000), 0U);
  }
}

}  // namespace
}  // namespace host::runtime
