// host/runtime/asymmetric_fence.hpp - two fences that work as a pair, where one side runs millions
// of times as often as the other.
//
// Owns: nothing. Thread: any. Errors: none; without membarrier(2) both sides pay for a real fence.
//
// "I say something, then I look at what you said", on both sides, needs a full fence between the
// two steps on both sides: 5 ns each time. membarrier(2) makes every running thread of the process
// execute one, so the rare side (somebody closes, somebody frees) can pay for both.
#pragma once

#include <atomic>
#include <unistd.h>

#include <linux/membarrier.h>
#include <sys/syscall.h>

namespace host::runtime {

class AsymmetricFence {
 public:
  AsymmetricFence() noexcept
      : one_sided_(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0) {}

  // The frequent side's.
  void light() const noexcept {
    if (one_sided_) [[likely]] {
      std::atomic_signal_fence(std::memory_order_seq_cst);
    } else {
      std::atomic_thread_fence(std::memory_order_seq_cst);
    }
  }

  // The rare side's.
  void heavy() const noexcept {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (one_sided_) {
      syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    }
  }

 private:
  bool one_sided_;
};

}  // namespace host::runtime
