// host/metric/durations.hpp - how long something took, each time: a histogram of a few steps.
//
// Thread: `add` has one writer, `add_shared` any number, as long as nobody uses both on the same
// object; it is read while it is written. Errors: none.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace host::metric {

// Upper bounds; what took longer than the last has a place behind them. 500 us is what a batch
// should take at most (runtime::batch_ns_max).
inline constexpr std::array<std::uint64_t, 8> duration_bounds_ns{
    10'000, 100'000, 500'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000, 10'000'000'000};

inline constexpr std::size_t duration_places = duration_bounds_ns.size() + 1;

namespace detail {

// For each length in bits: how many bounds are shorter. A number of that length is behind all of
// these, and at most one of the others has its length: one comparison finds the place.
inline constexpr auto shorter_bounds = [] {
  std::array<std::uint32_t, std::numeric_limits<std::uint64_t>::digits + 1> shorter{};
  for (std::size_t bits = 0; bits < shorter.size(); ++bits) {
    for (const std::uint64_t bound : duration_bounds_ns) {
      shorter.at(bits) += static_cast<std::size_t>(std::bit_width(bound)) < bits ? 1U : 0U;
    }
  }
  return shorter;
}();

inline constexpr auto bounds_and_end = [] {
  std::array<std::uint64_t, duration_places> bounds{};
  for (std::size_t i = 0; i < duration_bounds_ns.size(); ++i) {
    bounds.at(i) = duration_bounds_ns.at(i);
  }
  bounds.back() = std::numeric_limits<std::uint64_t>::max();
  return bounds;
}();

static_assert(
    [] {
      for (std::size_t i = 1; i < duration_bounds_ns.size(); ++i) {
        if (std::bit_width(duration_bounds_ns.at(i - 1)) ==
            std::bit_width(duration_bounds_ns.at(i))) {
          return false;
        }
      }
      return true;
    }(),
    "two bounds of one length");

}  // namespace detail

[[nodiscard]] constexpr std::size_t duration_place(std::uint64_t ns) noexcept {
  const std::size_t first = detail::shorter_bounds[static_cast<std::size_t>(std::bit_width(ns))];
  return first + (ns > detail::bounds_and_end[first] ? 1U : 0U);
}

// The same as plain numbers; several may be added up.
struct DurationCounts {
  std::array<std::uint64_t, duration_places> places{};  // not cumulative
  std::uint64_t sum_ns = 0;

  [[nodiscard]] std::uint64_t count() const noexcept {
    std::uint64_t all = 0;
    for (const std::uint64_t place : places) {
      all += place;
    }
    return all;
  }

  DurationCounts& operator+=(const DurationCounts& more) noexcept {
    for (std::size_t i = 0; i < places.size(); ++i) {
      places[i] += more.places[i];
    }
    sum_ns += more.sum_ns;
    return *this;
  }
};

class Durations {
 public:
  void add(std::uint64_t ns) noexcept {
    raise(places_[duration_place(ns)], 1);
    raise(sum_ns_, ns);
  }

  void add_shared(std::uint64_t ns) noexcept {
    places_[duration_place(ns)].fetch_add(1, std::memory_order_relaxed);
    sum_ns_.fetch_add(ns, std::memory_order_relaxed);
  }

  [[nodiscard]] DurationCounts counts() const noexcept {
    DurationCounts counts;
    for (std::size_t i = 0; i < places_.size(); ++i) {
      counts.places[i] = places_[i].load(std::memory_order_relaxed);
    }
    counts.sum_ns = sum_ns_.load(std::memory_order_relaxed);
    return counts;
  }

 private:
  static void raise(std::atomic<std::uint64_t>& word, std::uint64_t n) noexcept {
    word.store(word.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }

  std::array<std::atomic<std::uint64_t>, duration_places> places_{};
  std::atomic<std::uint64_t> sum_ns_{0};
};

}  // namespace host::metric
