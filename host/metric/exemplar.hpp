// host/metric/exemplar.hpp - a value that belongs to a trace, and the last one of each bucket.
//
// Owns: a copy of the trace. Thread: Exemplar a value; Exemplars any. Errors: none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace host::metric {

struct Exemplar {
  double value = 0.0;
  std::uint64_t unix_time_ns = 0;
  std::array<std::uint8_t, 24> trace{};  // trace-id[16], span-id[8]
  friend bool operator==(const Exemplar&, const Exemplar&) = default;
};

// With the number of its bucket among those that are shown; 0 of a counter.
using BucketExemplar = std::pair<std::uint32_t, Exemplar>;

// The wall clock.
[[nodiscard]] std::uint64_t unix_now_ns() noexcept;

// Whoever has no trace has none of these: only the others pay for the lock.
class Exemplars {
 public:
  explicit Exemplars(std::size_t buckets) : last_(buckets) {}

  void put(std::size_t bucket, const Exemplar& exemplar);

  // The buckets that have one, in their order.
  [[nodiscard]] std::vector<BucketExemplar> all() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::optional<Exemplar>> last_;
};

// Two lists in order as one; of two for one bucket the later.
[[nodiscard]] std::vector<BucketExemplar> joined(std::span<const BucketExemplar> one,
                                                 std::span<const BucketExemplar> other);

}  // namespace host::metric
