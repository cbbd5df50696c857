// tests/sdk/kit/ring_test.cpp - a ring is a std::deque that stops allocating.
#include "backplane/kit/ring.hpp"

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace {

RC_GTEST_PROP(Ring, DoesWhatADequeDoes, (const std::vector<std::uint8_t>& steps)) {
  bp::kit::ring<std::shared_ptr<int>> ring;
  std::deque<int> model;
  for (const std::uint8_t step : steps) {
    if (step % 3 != 0 || model.empty()) {
      ring.push_back(std::make_shared<int>(step));
      model.push_back(step);
    } else {
      ring.pop_front();
      model.pop_front();
    }
    RC_ASSERT(ring.size() == model.size());
    for (std::size_t i = 0; i < model.size(); ++i) {
      RC_ASSERT(*ring[i] == model[i]);
    }
  }
  bp::kit::ring<std::shared_ptr<int>> moved(std::move(ring));
  RC_ASSERT(ring.empty());  // NOLINT(bugprone-use-after-move): it says so
  RC_ASSERT(moved.size() == model.size());
  if (!model.empty()) {
    RC_ASSERT(*moved.front() == model.front());
    RC_ASSERT(*moved.back() == model.back());
  }
}

TEST(Ring, GivesItsMemoryBackWhenAnotherTakesItsPlace) {
  const auto life = std::make_shared<int>(1);
  bp::kit::ring<std::shared_ptr<int>> ring;
  for (int i = 0; i < 100; ++i) {
    ring.push_back(life);
  }
  EXPECT_GE(ring.capacity(), 100U);
  ring = {};
  EXPECT_EQ(life.use_count(), 1);
  EXPECT_TRUE(ring.empty());
  EXPECT_EQ(ring.capacity(), 0U);
  ring.push_back(life);
  EXPECT_EQ(ring.front(), life);
}

TEST(Ring, DestroysWhatIsInside) {
  const auto life = std::make_shared<int>(1);
  {
    bp::kit::ring<std::shared_ptr<int>> ring;
    for (int i = 0; i < 100; ++i) {
      ring.push_back(life);
    }
    EXPECT_EQ(life.use_count(), 101);
  }
  EXPECT_EQ(life.use_count(), 1);
}

TEST(Ring, TakesAnItemOfItsOwnWhileItGrows) {
  bp::kit::ring<std::string> ring;
  ring.push_back(std::string(100, 'x'));
  for (int i = 0; i < 50; ++i) {
    ring.push_back(ring.front());
  }
  EXPECT_EQ(ring.back(), std::string(100, 'x'));
}

}  // namespace
