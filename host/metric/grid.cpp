// host/metric/grid.cpp - lays a grid over the bounds that a plugin asked for.
#include "host/metric/grid.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace host::metric {

namespace {

constexpr std::array<double, 13> default_bounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                0.25,  0.5,    1.0,   2.5,  5.0,   10.0};
constexpr std::uint64_t steps_per_octave = 16;

// The lowest grid line that is not below `bound`; cells count a value that lies on a line as below
// it.
std::uint64_t line_of(double bound) noexcept {
  return ((std::bit_cast<std::uint64_t>(bound) - 1) >> index_shift) + 1;
}

// Whether `bound` may follow `previous`.
error::Result<void> check_bound(double bound, double previous) {
  if (!(bound > previous) || !std::isfinite(bound)) {
    return error::fail(BP_E_INVALID,
                       fmt::format("bound {} does not follow {}; bounds are positive, finite and "
                                   "ascending",
                                   bound, previous));
  }
  if (!std::isfinite(std::bit_cast<double>(line_of(bound) << index_shift))) {
    return error::fail(BP_E_INVALID, fmt::format("bound {} is too large", bound));
  }
  return {};
}

void add_line(Grid& grid, std::uint64_t line) {
  if (grid.bounds.empty()) {
    grid.index_base = line;
  }
  const auto bucket = static_cast<std::uint32_t>(line - grid.index_base);
  if (grid.bounds.empty() || bucket + 2 != grid.n_buckets) {
    grid.bounds.push_back({std::bit_cast<double>(line << index_shift), bucket});
    grid.n_buckets = bucket + 2;
  }
}

}  // namespace

error::Result<Grid> make_grid(std::span<const double> wanted) {
  if (!wanted.empty() && std::isinf(wanted.back()) && wanted.back() > 0) {
    wanted = wanted.first(wanted.size() - 1);  // the last bucket is always there
  }
  if (wanted.empty()) {
    wanted = default_bounds;
  }
  if (wanted.size() > BP_METRIC_BOUNDS_MAX) {
    return error::fail(BP_E_INVALID, fmt::format("{} bounds are more than the limit of {}",
                                                 wanted.size(), BP_METRIC_BOUNDS_MAX));
  }
  double previous = 0.0;
  for (const double bound : wanted) {
    if (auto checked = check_bound(bound, previous); !checked) {
      return std::unexpected(std::move(checked).error());
    }
    previous = bound;
  }
  if (line_of(wanted.back()) - line_of(wanted.front()) > octaves_max * steps_per_octave) {
    return error::fail(BP_E_INVALID,
                       fmt::format("bounds from {} to {} span more than a factor of 2^{}",
                                   wanted.front(), wanted.back(), octaves_max));
  }
  Grid grid;
  for (const double bound : wanted) {
    add_line(grid, line_of(bound));
  }
  return grid;
}

}  // namespace host::metric
