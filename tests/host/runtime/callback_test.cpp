// tests/host/runtime/callback_test.cpp - kept in place or on the heap, destroyed exactly once.
#include "host/runtime/callback.hpp"

#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "tests/host/runtime/allocation_count.hpp"

namespace host::runtime {
namespace {

using Sum = Callback<int(int)>;

TEST(Callback, KeepsAWeakPointerAndNumbersInPlace) {
  const auto held = std::make_shared<int>(40);
  const std::uint64_t before = allocations();
  Sum sum(
      [weak = std::weak_ptr(held), more = 1](int number) { return *weak.lock() + more + number; });
  Sum moved(std::move(sum));
  EXPECT_EQ(allocations(), before);
  EXPECT_EQ(moved(1), 42);
}

TEST(Callback, KeepsWhatIsLargeOrMoveOnlyToo) {
  Sum sum([numbers = std::array<int, 100>{41}, one = std::make_unique<int>(1)](int number) {
    return numbers[0] + *one + number;
  });
  Sum moved;
  moved = std::move(sum);
  EXPECT_EQ(moved(0), 42);
  EXPECT_FALSE(static_cast<bool>(sum));  // NOLINT(bugprone-use-after-move): that is the question
}

TEST(Callback, DestroysWhatItHoldsOnce) {
  const auto held = std::make_shared<int>(0);
  {
    std::vector<Sum> kept;
    for (int i = 0; i < 10; ++i) {
      kept.emplace_back([held](int number) { return number; });
      kept.emplace_back(
          [held, large = std::array<int, 100>{}](int number) { return large[0] + number; });
    }
    EXPECT_EQ(held.use_count(), 21);
    kept.front() = Sum();
    EXPECT_EQ(held.use_count(), 20);
    kept.front() = std::move(kept.back());
    EXPECT_EQ(held.use_count(), 20);
  }
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace host::runtime
