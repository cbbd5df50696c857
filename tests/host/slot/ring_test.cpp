// tests/host/slot/ring_test.cpp - a queue that behaves as one.
#include "host/slot/ring.hpp"

#include <deque>
#include <memory>
#include <random>

#include <gtest/gtest.h>

namespace host::slot {
namespace {

TEST(Ring, IsAQueueWhateverTheOrder) {
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same each time
  Ring<std::shared_ptr<int>> ring;
  std::deque<std::shared_ptr<int>> model;
  for (int i = 0; i < 50'000; ++i) {
    // In waves, so that it grows, wraps and is emptied.
    const bool rising = (i / 3'000) % 2 == 0;
    if (random() % 8 < (rising ? 5U : 3U)) {
      model.push_back(std::make_shared<int>(i));
      ring.push_back(model.back());
    } else if (!model.empty()) {
      ASSERT_EQ(ring.front(), model.front());
      std::weak_ptr<int> gone = model.front();
      model.pop_front();
      ring.pop_front();
      ASSERT_TRUE(gone.expired()) << "what was taken out is not kept alive";
    }
    ASSERT_EQ(ring.size(), model.size());
    ASSERT_EQ(ring.empty(), model.empty());
  }
  ring.clear();
  EXPECT_TRUE(ring.empty());
}

}  // namespace
}  // namespace host::slot
