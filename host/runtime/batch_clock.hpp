// host/runtime/batch_clock.hpp - one look at the clock ends a batch and begins the next one.
//
// Owns: a point in time of each worker. Thread: a worker's. Errors: none.
#pragma once

#include <cstdint>
#include <utility>

#include "host/runtime/runtime.hpp"

namespace host::runtime {

// Reading the clock costs as much as handing over several messages. Between the end of a body and
// the begin of the one that its worker runs right after it, nothing happens that takes time.
class BatchClock {
 public:
  // now_ns(), or when the batch just before this one ended.
  [[nodiscard]] static std::uint64_t begin() noexcept {
    const std::uint64_t known = std::exchange(begun_ns, 0);
    return known != 0 ? known : now_ns();
  }

  // now_ns()
  [[nodiscard]] static std::uint64_t end() noexcept { return ended_ns = now_ns(); }

 private:
  friend class Scheduler;

  // The scheduler's: a body begins; it returned; the worker looks for work elsewhere.
  static void body_begins() noexcept { begun_ns = std::exchange(ended_ns, 0); }

  static void body_returned() noexcept { begun_ns = 0; }

  static void time_passes() noexcept { ended_ns = 0; }

  inline static constinit thread_local std::uint64_t begun_ns = 0;
  inline static constinit thread_local std::uint64_t ended_ns = 0;
};

}  // namespace host::runtime
