// tests/plugins/transport_ws/rpc/epochs_test.cpp - the same epoch while somebody follows, another
// one afterwards.
#include "rpc/epochs.hpp"

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace transport_ws::rpc {
namespace {

TEST(Epochs, LastAsLongAsSomebodyHoldsThem) {
  Epochs epochs("run");
  auto first = epochs.hold("a");
  auto second = epochs.hold("a");
  EXPECT_EQ(first->text(), "run.1");
  EXPECT_EQ(second, first);
  EXPECT_EQ(epochs.hold("b")->text(), "run.2");
  first.reset();
  EXPECT_EQ(epochs.hold("a"), second);
  second.reset();
  EXPECT_EQ(epochs.hold("a")->text(), "run.3");
}

TEST(Epochs, EndWhenTheChannelWasClosed) {
  Epochs epochs("run");
  const auto old = epochs.hold("a");
  const auto other = epochs.hold("a");
  epochs.end(old);
  const auto fresh = epochs.hold("a");
  EXPECT_NE(fresh->text(), old->text());
  epochs.end(other);  // told later, elsewhere: of the old one
  EXPECT_EQ(epochs.hold("a"), fresh);
}

TEST(Epochs, MayOutliveTheirBook) {
  Epochs::Held held;
  {
    Epochs epochs("run");
    held = epochs.hold("a");
  }
  EXPECT_EQ(held->text(), "run.1");
}

TEST(Epochs, AreHeldByManyThreads) {
  Epochs epochs("run");
  const auto kept = epochs.hold("kept");
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        std::set<std::string> seen;
        for (int i = 0; i < 2'000; ++i) {
          wrong += epochs.hold("kept") == kept ? 0 : 1;
          seen.insert(epochs.hold("free")->text());
        }
        wrong += seen.empty() ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace transport_ws::rpc
