// tests/host/supervisor/backoff_test.cpp - at once, then growing, then quarantine; the window
// forgets.
#include "host/supervisor/backoff.hpp"

#include <gtest/gtest.h>

namespace host::supervisor {
namespace {

using namespace std::chrono_literals;

manifest::Restart policy(manifest::Jitter jitter) {
  manifest::Restart restart;
  restart.initial = 100ms;
  restart.max = 350ms;
  restart.factor = 2;
  restart.jitter = jitter;
  restart.max_restarts = 5;
  restart.window = 30s;
  return restart;
}

TEST(Backoff, GrowsToItsMaximumThenGivesUp) {
  Backoff backoff(policy(manifest::Jitter::None));
  std::vector<std::uint64_t> delays;
  while (const auto delay = backoff.next_delay_ns(1)) {
    delays.push_back(*delay / 1'000'000);
  }
  EXPECT_EQ(delays, (std::vector<std::uint64_t>{0, 100, 200, 350, 350}));
  backoff.clear();
  EXPECT_EQ(backoff.next_delay_ns(2), 0U);
}

TEST(Backoff, ForgetsWhatIsOutsideTheWindow) {
  Backoff backoff(policy(manifest::Jitter::None));
  const std::uint64_t apart = 10'000'000'000;
  for (std::uint64_t i = 0; i < 100; ++i) {
    EXPECT_TRUE(backoff.next_delay_ns(i * apart)) << i;
  }
}

TEST(Backoff, FullJitterStaysBelowTheBound) {
  for (int round = 0; round < 100; ++round) {
    Backoff backoff(policy(manifest::Jitter::Full));
    (void)backoff.next_delay_ns(1);
    EXPECT_LE(*backoff.next_delay_ns(1), 100'000'000U);
    EXPECT_LE(*backoff.next_delay_ns(1), 200'000'000U);
  }
}

}  // namespace
}  // namespace host::supervisor
