// tests/sdk/cpp/allocation_test.cpp - once warm, tasks take nothing from malloc. A binary of its
// own, because it counts every operator new.
#include <atomic>
#include <cstdlib>
#include <new>
#include <string_view>

#include <gtest/gtest.h>

#include "backplane/cpp/broadcast.hpp"
#include "backplane/cpp/join_set.hpp"
#include "backplane/cpp/queue.hpp"
#include "backplane/cpp/select.hpp"

#include "in_task.hpp"

namespace {

std::atomic<std::uint64_t> allocations{0};

void* counted(std::size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* memory = std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) {
    throw std::bad_alloc();
  }
  return memory;
}

}  // namespace

void* operator new(std::size_t bytes) {
  return counted(bytes);
}

void* operator new[](std::size_t bytes) {
  return counted(bytes);
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}

void operator delete[](void* memory) noexcept {
  std::free(memory);
}

void operator delete(void* memory, std::size_t /*bytes*/) noexcept {
  std::free(memory);
}

void operator delete[](void* memory, std::size_t /*bytes*/) noexcept {
  std::free(memory);
}

namespace {

constexpr int rounds = 1000;
constexpr int warm_rounds = 10;

/// How often `once` allocated in `rounds` rounds, after it had warmed up.
template <typename Once>
std::uint64_t allocations_of(Once once) {
  tests::Stage stage;
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  stage.run([&](bp::context& cx) -> bp::task<void> {
    for (int i = 0; i < warm_rounds; ++i) {
      co_await once(cx);
    }
    before = allocations.load();
    for (int i = 0; i < rounds; ++i) {
      co_await once(cx);
    }
    after = allocations.load();
  });
  EXPECT_GT(before, 0U) << "the counter does not count";
  EXPECT_GT(after, 0U) << "the test did not end";
  return after - before;
}

bp::task<int> leaf(int value) {
  co_return value;
}

bp::task<int> deep(int levels) {
  if (levels == 0) {
    co_return 0;
  }
  co_return 1 + co_await deep(levels - 1);
}

TEST(Allocation, NoneToAwaitATask) {
  EXPECT_EQ(allocations_of([](bp::context&) -> bp::task<void> { (void)co_await leaf(1); }), 0U);
}

TEST(Allocation, NoneToAwaitTasksInTasks) {
  EXPECT_EQ(allocations_of([](bp::context&) -> bp::task<void> { (void)co_await deep(20); }), 0U);
}

TEST(Allocation, NoneToSelectAndToWaitInAQueue) {
  bp::queue<int> a(4);
  bp::queue<int> b(4);
  int sum = 0;
  EXPECT_EQ(allocations_of([&](bp::context&) -> bp::task<void> {
              a.try_push(1);
              b.try_push(2);
              sum += std::get<0>(co_await bp::select(a.pop(), b.pop())).value();
              sum += (co_await b.pop()).value();
            }),
            0U);
  EXPECT_EQ(sum, 3 * (rounds + warm_rounds));
}

TEST(Allocation, NoneToSpawnAndJoin) {
  tests::Stage stage;
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  stage.run([&](bp::context& cx) -> bp::task<void> {
    bp::join_set<int> set(cx);
    for (int i = 0; i < warm_rounds + rounds; ++i) {
      if (i == warm_rounds) {
        before = allocations.load();
      }
      for (int n = 0; n < 5; ++n) {
        set.spawn([n] { return leaf(n); });
      }
      while (co_await set.next()) {
      }
    }
    after = allocations.load();
  });
  EXPECT_GT(after, 0U);
  EXPECT_EQ(after - before, 0U);
}

TEST(Allocation, NoneToBroadcast) {
  bp::broadcast<int> numbers(16);
  auto mine = numbers.subscribe();
  EXPECT_EQ(allocations_of([&](bp::context&) -> bp::task<void> {
              numbers.send(1);
              (void)co_await mine.next();
            }),
            0U);
}

}  // namespace
