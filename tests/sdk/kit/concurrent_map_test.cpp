// tests/sdk/kit/concurrent_map_test.cpp - as a map, and read-modify-write of many threads.
#include "backplane/kit/concurrent_map.hpp"

#include <atomic>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace {

using Counts = bp::kit::concurrent_map<std::string, int>;

TEST(ConcurrentMap, UpdateSeesAndLeavesWhatItLikes) {
  Counts counts;
  const auto add = [](std::optional<int>& count) { count = count.value_or(0) + 1; };
  EXPECT_EQ(counts.update("a", add), 1);
  EXPECT_EQ(counts.update("a", add), 2);
  EXPECT_EQ(counts.update("a", [](std::optional<int>& count) { count.reset(); }), std::nullopt);
  EXPECT_FALSE(counts.contains("a"));
  EXPECT_EQ(counts.update("a", [](std::optional<int>&) {}), std::nullopt);
  EXPECT_EQ(counts.size(), 0U);
}

TEST(ConcurrentMap, TheFunctionMayUseTheMapAndBeginsAnewThen) {
  Counts counts;
  int runs = 0;
  counts.insert("a", 1);
  counts.update("a", [&](std::optional<int>& count) {
    if (++runs == 1) {
      counts.insert_or_assign("a", 10);  // somebody was faster
      counts.insert("b", 5);
    }
    *count += 1;
  });
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(counts.find("a"), 11);
  counts.for_each([&](const std::string& key, int) { counts.erase(key); });
  EXPECT_EQ(counts.size(), 0U);
}

TEST(ConcurrentMap, AThrowingFunctionChangesNothing) {
  Counts counts;
  counts.insert("a", 1);
  EXPECT_THROW(counts.update("a",
                             [](std::optional<int>& count) {
                               count = 7;
                               throw std::runtime_error("no");
                             }),
               std::runtime_error);
  EXPECT_EQ(counts.find("a"), 1);
}

TEST(ConcurrentMap, CountsRightWithManyThreads) {
  constexpr int threads_count = 4;
  constexpr int rounds = 2000;
  bp::kit::concurrent_map<int, std::uint64_t> counts;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < threads_count; ++thread) {
      threads.emplace_back([&counts] {
        for (int i = 0; i < rounds; ++i) {
          counts.update(i % 3,
                        [](std::optional<std::uint64_t>& count) { count = count.value_or(0) + 1; });
        }
      });
    }
  }
  std::uint64_t sum = 0;
  counts.for_each([&sum](int, std::uint64_t count) { sum += count; });
  EXPECT_EQ(sum, std::uint64_t{threads_count} * rounds);
}

TEST(ConcurrentMap, OneOfManyInsertsAndOneOfManyErases) {
  bp::kit::concurrent_map<int, int> map;
  std::atomic<int> inserted{0};
  std::atomic<int> erased{0};
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        for (int i = 0; i < 2000; ++i) {
          inserted += map.insert(i % 7, i) ? 1 : 0;
          erased += map.erase(i % 5) ? 1 : 0;
        }
      });
    }
  }
  EXPECT_EQ(inserted - erased, static_cast<int>(map.size()));
}

RC_GTEST_PROP(ConcurrentMap, IsAMap,
              (const std::vector<std::tuple<std::uint8_t, std::uint8_t, int>>& steps)) {
  bp::kit::concurrent_map<int, int> map;
  std::map<int, int> model;
  for (const auto& [kind, raw, value] : steps) {
    const int key = raw % 10;
    switch (kind % 4) {
      case 0:
        RC_ASSERT(map.insert(key, value) == model.try_emplace(key, value).second);
        break;
      case 1:
        map.insert_or_assign(key, value);
        model[key] = value;
        break;
      case 2:
        RC_ASSERT(map.erase(key).has_value() == (model.erase(key) == 1));
        break;
      default:
        map.update(key, [&](std::optional<int>& it) { it = it ? *it ^ value : value; });
        model.contains(key) ? model[key] ^= value : model[key] = value;
    }
    const auto expected = model.find(key);
    RC_ASSERT(map.find(key) ==
              (expected == model.end() ? std::nullopt : std::optional<int>(expected->second)));
    RC_ASSERT(map.size() == model.size());
  }
  std::map<int, int> copy;
  map.for_each([&copy](int key, int value) { copy[key] = value; });
  RC_ASSERT(copy == model);
  map.clear();
  RC_ASSERT(map.size() == 0U);
}

}  // namespace
