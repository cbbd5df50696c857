// host/metric/cell.hpp - how the host's own rooms write to a cell.
//
// Thread: `add`, `set`, `observe` have one writer per cell; the `_shared` ones any number, as long
// as nobody uses the others on the same cell. Both are read while they are written. Errors: none;
// what makes no sense is refused and counted.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>

#include "backplane/ext/metric.h"

namespace host::metric {

namespace detail {

inline void raise(std::uint64_t& word, std::uint64_t n) noexcept {
  const std::atomic_ref ref(word);
  ref.store(ref.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

inline void raise_shared(std::uint64_t& word, std::uint64_t n) noexcept {
  std::atomic_ref(word).fetch_add(n, std::memory_order_relaxed);
}

inline std::uint32_t bucket_of(const bp_metric_cell& cell, double value) noexcept {
  if (value <= 0.0) {
    return 0;
  }
  const std::uint64_t line = (std::bit_cast<std::uint64_t>(value) - 1) >> cell.index_shift;
  if (line < cell.index_base) {
    return 0;
  }
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(line - cell.index_base + 1, cell.n_buckets - 1));
}

}  // namespace detail

inline void add(bp_metric_cell& counter, std::uint64_t n = 1) noexcept {
  detail::raise(counter.value, n);
}

inline void add_shared(bp_metric_cell& counter, std::uint64_t n = 1) noexcept {
  detail::raise_shared(counter.value, n);
}

inline void set(bp_metric_cell& gauge, double value) noexcept {
  if (std::isnan(value)) {
    detail::raise(gauge.refused, 1);
    return;
  }
  std::atomic_ref(gauge.value)
      .store(std::bit_cast<std::uint64_t>(value), std::memory_order_relaxed);
}

inline void observe(bp_metric_cell& histogram, double value) noexcept {
  if (std::isnan(value)) {
    detail::raise(histogram.refused, 1);
    return;
  }
  detail::raise(histogram.buckets[detail::bucket_of(histogram, value)], 1);
  const std::atomic_ref sum(histogram.sum);
  const auto total = std::bit_cast<double>(sum.load(std::memory_order_relaxed)) + value;
  sum.store(std::bit_cast<std::uint64_t>(total), std::memory_order_relaxed);
  detail::raise(histogram.value, 1);
}

inline void observe_shared(bp_metric_cell& histogram, double value) noexcept {
  if (std::isnan(value)) {
    detail::raise_shared(histogram.refused, 1);
    return;
  }
  detail::raise_shared(histogram.buckets[detail::bucket_of(histogram, value)], 1);
  const std::atomic_ref sum(histogram.sum);
  std::uint64_t old = sum.load(std::memory_order_relaxed);
  while (!sum.compare_exchange_weak(
      old, std::bit_cast<std::uint64_t>(std::bit_cast<double>(old) + value),
      std::memory_order_relaxed)) {
  }
  detail::raise_shared(histogram.value, 1);
}

}  // namespace host::metric
