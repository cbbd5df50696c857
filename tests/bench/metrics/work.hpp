// tests/bench/metrics/work.hpp - what both sides do in a row.
#pragma once

#include <array>
#include <cstdint>

namespace bench {

// `method` of the worker's board.
enum : std::uint32_t { work_add = 1, work_observe = 2, work_scrape = 3 };

inline constexpr std::uint32_t series_per_family = 2'000;

// The bounds that both sides count by; ours move to lines of the grid, at most 1/16 higher.
inline constexpr std::array<double, 12> bounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                               0.1,   0.25,   0.5,   1.0,  2.5,   5.0};

// Observations, so that all buckets are hit and no branch is learned: value i & 1023 of a table.
inline constexpr std::uint32_t values = 1'024;

inline double value_of(std::uint32_t i) noexcept {
  std::uint32_t mixed = i * 2'654'435'761U;
  mixed ^= mixed >> 15U;
  return 0.0005 * static_cast<double>(1U << (mixed & 15U)) *
         (1.0 + static_cast<double>((mixed >> 4U) & 255U) / 256.0);
}

}  // namespace bench
