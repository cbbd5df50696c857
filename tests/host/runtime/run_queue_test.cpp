// tests/host/runtime/run_queue_test.cpp - first in, first out; thieves lose and double nothing.
#include "host/runtime/run_queue.hpp"

#include <deque>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace host::runtime {
namespace {

// The ring only carries pointers: a number will do.
Strand* item(std::size_t number) {
  return reinterpret_cast<Strand*>((number + 1) * alignof(std::max_align_t));
}

std::size_t number_of(const Strand* strand) {
  return reinterpret_cast<std::size_t>(strand) / alignof(std::max_align_t) - 1;
}

TEST(RunQueue, RefusesOneAboveItsMost) {
  RunQueue queue;
  for (std::size_t i = 0; i < run_queue_strands_max; ++i) {
    ASSERT_TRUE(queue.push(item(i)));
  }
  EXPECT_FALSE(queue.push(item(0)));
  EXPECT_EQ(queue.take(), item(0));
  EXPECT_TRUE(queue.push(item(run_queue_strands_max)));
  EXPECT_EQ(queue.size(), run_queue_strands_max);
}

RC_GTEST_PROP(RunQueue, IsADequeWhoseFrontHalfCanBeStolen, (std::vector<unsigned> steps)) {
  RunQueue queue;
  std::deque<Strand*> model;
  std::size_t next = 0;
  for (const unsigned step : steps) {
    if (step % 4 < 2) {
      RC_ASSERT(queue.push(item(next)) == (model.size() < run_queue_strands_max));
      if (model.size() < run_queue_strands_max) {
        model.push_back(item(next));
      }
      ++next;
    } else if (step % 4 == 2) {
      Strand* const expected = model.empty() ? nullptr : model.front();
      RC_ASSERT(number_of(queue.take()) == number_of(expected));
      if (!model.empty()) {
        model.pop_front();
      }
    } else {
      RunQueue mine;
      const std::size_t stolen = model.size() - model.size() / 2;
      Strand* strand = queue.steal_into(mine);
      RC_ASSERT(mine.size() == (stolen == 0 ? 0 : stolen - 1));
      for (std::size_t i = 0; i < stolen; ++i) {
        RC_ASSERT(number_of(strand) == number_of(model.front()));
        model.pop_front();
        strand = mine.take();
      }
      RC_ASSERT(number_of(strand) == number_of(nullptr));
    }
    RC_ASSERT(queue.size() == model.size());
  }
}

TEST(RunQueue, EachStrandIsTakenOnceWhileThievesAreAtWork) {
  constexpr std::size_t items = 200'000;
  constexpr std::size_t thieves = 3;
  RunQueue queue;
  std::vector<std::atomic<int>> taken(items);
  std::atomic<std::size_t> count{0};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < thieves; ++t) {
    threads.emplace_back([&] {
      RunQueue mine;
      while (count.load() < items) {
        for (Strand* strand = queue.steal_into(mine); strand != nullptr; strand = mine.take()) {
          taken[number_of(strand)].fetch_add(1);
          count.fetch_add(1);
        }
        std::this_thread::yield();
      }
    });
  }
  const auto take = [&] {
    if (Strand* const strand = queue.take()) {
      taken[number_of(strand)].fetch_add(1);
      count.fetch_add(1);
    }
  };
  for (std::size_t i = 0; i < items; ++i) {
    while (!queue.push(item(i))) {
      take();
    }
    if (i % 3 == 0) {
      take();
    }
  }
  while (!queue.empty()) {
    take();
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(count.load(), items);
  for (std::size_t i = 0; i < items; ++i) {
    ASSERT_EQ(taken[i].load(), 1) << i;
  }
}

}  // namespace
}  // namespace host::runtime
