// tests/host/metric/registry_thread_test.cpp - many writers, restarts and collections at once.
#include <atomic>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "host/metric/cell.hpp"
#include "host/metric/registry.hpp"

namespace host::metric {
namespace {

constexpr int writers = 4;
constexpr std::uint64_t writes = 20'000;

Definition definition(Kind kind, std::string name) {
  return {.kind = kind,
          .name = std::move(name),
          .help = "Help.",
          .unit = {},
          .label_names = {"x"},
          .bounds = {1.0, 2.0}};
}

void write(Registry& registry, Registry::FamilyId counter, Registry::FamilyId histogram,
           Registry::Writer writer) {
  const std::vector<std::string_view> values{"same"};
  bp_metric_cell& count = **registry.bind(1, counter, values, writer);
  bp_metric_cell& wait = **registry.bind(1, histogram, values, writer);
  for (std::uint64_t i = 0; i < writes; ++i) {
    add(count);
    observe(wait, 1.5);
  }
}

TEST(RegistryThreads, TotalsNeverFallAndNothingIsLost) {
  Registry registry;
  registry.add_owner(1, "busy");
  const auto counter = registry.define(1, definition(Kind::Counter, "count"));
  const auto histogram = registry.define(1, definition(Kind::Histogram, "wait"));
  std::atomic<bool> done{false};
  std::thread scraper([&] {
    double last = 0.0;
    while (!done.load()) {
      for (const Family& family : registry.collect()) {
        if (family.name == "count" && !family.series.empty()) {
          EXPECT_GE(family.series[0].value, last);
          last = family.series[0].value;
        }
        if (family.name == "wait" && !family.series.empty()) {
          EXPECT_EQ(family.series[0].buckets.back().count, family.series[0].count);
        }
      }
    }
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < writers; ++t) {
    threads.emplace_back(
        [&, t] { write(registry, *counter, *histogram, static_cast<Registry::Writer>(t)); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  done = true;
  scraper.join();
  const auto families = registry.collect();
  for (const Family& family : families) {
    if (family.name == "count") {
      EXPECT_EQ(family.series.at(0).value, static_cast<double>(writers * writes));
    }
    if (family.name == "wait") {
      EXPECT_EQ(family.series.at(0).count, writers * writes);
      EXPECT_EQ(family.series.at(0).sum, 1.5 * static_cast<double>(writers * writes));
    }
  }
}

TEST(RegistryThreads, AThousandRestartsDuringCollections) {
  constexpr int restarts = 1'000;
  Registry registry;
  std::atomic<bool> done{false};
  std::thread scraper([&] {
    std::uint32_t known = 0;
    while (!done.load()) {
      EXPECT_FALSE(registry.collect().empty());
      std::vector<std::unique_ptr<std::byte[]>> parts;
      EXPECT_TRUE(registry.snapshot(known, 1, [&](std::size_t bytes) {
        return parts.emplace_back(std::make_unique<std::byte[]>(bytes)).get();
      }));
      bp_metric_snapshot header{};
      std::memcpy(&header, parts.front().get(), sizeof header);
      known = header.shape;
    }
  });
  for (Registry::Owner owner = 1; owner <= restarts; ++owner) {
    registry.add_owner(owner, "phoenix");
    const auto family = registry.define(owner, definition(Kind::Histogram, "wait"));
    ASSERT_TRUE(family);
    const std::vector<std::string_view> values{"a"};
    bp_metric_cell& cell = **registry.bind(owner, *family, values, 0);
    observe(cell, 1.0);
    registry.withdraw(owner);
    observe(cell, 1.0);
    registry.release(owner);
  }
  done = true;
  scraper.join();
}

TEST(RegistryThreads, SharedWritersLoseNothing) {
  Registry registry;
  const auto family = registry.define(Registry::host_owner, definition(Kind::Histogram, "wait"));
  const std::vector<std::string_view> values{"a"};
  bp_metric_cell& cell = **registry.bind(Registry::host_owner, *family, values, 0);
  std::vector<std::thread> threads;
  for (int t = 0; t < writers; ++t) {
    threads.emplace_back([&] {
      for (std::uint64_t i = 0; i < writes; ++i) {
        observe_shared(cell, 0.5);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(cell.value, writers * writes);
  EXPECT_EQ(std::bit_cast<double>(cell.sum), 0.5 * static_cast<double>(writers * writes));
}

}  // namespace
}  // namespace host::metric
