// host/metric/grid.hpp - the log-linear buckets of a histogram cell, and the bounds shown outside.
//
// Owns: the bounds. Thread: a value. Errors: INVALID.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backplane/ext/metric.h"

#include "host/error/error.hpp"

namespace host::metric {

// 16 steps per octave: the four highest bits of a double's fraction.
inline constexpr std::uint32_t index_shift = 48;

// A cell has one counter per step between its lowest and its highest bound: 8 KiB at this limit.
inline constexpr std::uint64_t octaves_max = 64;

struct Bound {
  double upper;          // a value of exactly this size lies below it, as in `le`
  std::uint32_t bucket;  // buckets 0..bucket of a cell lie below `upper`
};

struct Grid {
  std::uint64_t index_base = 0;
  std::uint32_t n_buckets = 0;
  std::vector<Bound> bounds;  // ascending; without +infinity
};

// Each wanted bound moves to the next one of the grid above it. None wanted: 1 ms .. 10 s.
[[nodiscard]] error::Result<Grid> make_grid(std::span<const double> wanted);

}  // namespace host::metric
