// tests/stress/traffic/traffic_test.cpp - eight plugins that open, close, send, call, pause, stop
// and start at random: nothing is lost, nothing comes twice, nothing is left.
#include <chrono>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/stress/traffic/theatre.hpp"

namespace stress {
namespace {

constexpr std::uint64_t seconds_default = 4;  // the long run: STRESS_SECONDS=60
constexpr std::uint64_t tickets_max = std::uint64_t{1} << 25U;
constexpr std::uint64_t pace_ns = 20'000;  // own threads leave the processors to the strands
constexpr auto between_restarts = std::chrono::milliseconds(60);

TEST(Traffic, EverythingThatWasAcceptedIsHandledOnce) {
  Theatre theatre(seed(), tickets_max);
  theatre.scene().pace_ns.store(pace_ns);
  const auto end = std::chrono::steady_clock::now() +
                   std::chrono::seconds(setting("STRESS_SECONDS", seconds_default));
  while (std::chrono::steady_clock::now() < end && theatre.scene().findings().empty()) {
    std::this_thread::sleep_for(between_restarts);
    theatre.restart_one();
  }
  const std::string wrong = theatre.rest();
  fmt::print("{}\n", theatre.report());
  EXPECT_EQ(wrong, "");
}

}  // namespace
}  // namespace stress
