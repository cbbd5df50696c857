// host/runtime/batch_budget.hpp - how many items a body may take at once, so that the batch is
// short.
//
// Owns: an estimate. Thread: one at a time. Errors: none.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace host::runtime {

// How long a body should run before it answers that there is more to do.
inline constexpr std::uint64_t batch_ns_max = 500'000;

// A body that hands a batch to code it cannot interrupt bounds the time by the count: this learns
// what one item takes. The first batches are small, and an expensive item makes the next one small
// at once; cheap ones let it grow by doubling.
class BatchBudget {
 public:
  explicit BatchBudget(std::size_t count_max) noexcept : count_max_(count_max) {}

  [[nodiscard]] std::size_t count() const noexcept { return count_; }

  void took(std::size_t count, std::uint64_t ns) noexcept {
    if (count == 0) {
      return;
    }
    const std::uint64_t affordable = batch_ns_max * count / std::max<std::uint64_t>(ns, 1);
    count_ = static_cast<std::size_t>(std::clamp<std::uint64_t>(
        affordable, 1, std::min<std::uint64_t>(count_max_, 2 * std::uint64_t{count_})));
  }

 private:
  std::size_t count_max_;
  std::size_t count_ = 16;
};

}  // namespace host::runtime
