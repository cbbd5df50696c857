// host/runtime/sleepers.cpp - the counts, and the futex below them.
#include "host/runtime/sleepers.hpp"

#if defined(__linux__)
#include <limits>
#include <unistd.h>

#include <linux/futex.h>
#include <sys/syscall.h>
#endif

namespace host::runtime {

namespace {

constexpr std::uint32_t one_searching = 1;
constexpr std::uint32_t one_sleeping = 1U << 16U;

constexpr std::uint32_t searching_in(std::uint32_t counts) noexcept {
  return counts & (one_sleeping - 1);
}

constexpr std::uint32_t sleeping_in(std::uint32_t counts) noexcept {
  return counts / one_sleeping;
}

// std::atomic::wait() yields several times before it sleeps, and counts its waiters in a table that
// unrelated words share: the bare system call is half as long.
#if defined(__linux__)
void wait_while_zero(std::atomic<std::uint32_t>& word) noexcept {
  ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0);
}

void wake_waiter(std::atomic<std::uint32_t>& word) noexcept {
  ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

void wake_waiters(std::atomic<std::uint32_t>& word) noexcept {
  ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, std::numeric_limits<int>::max(), nullptr, nullptr,
            0);
}
#else
void wait_while_zero(std::atomic<std::uint32_t>& word) noexcept {
  word.wait(0);
}

void wake_waiter(std::atomic<std::uint32_t>& word) noexcept {
  word.notify_one();
}

void wake_waiters(std::atomic<std::uint32_t>& word) noexcept {
  word.notify_all();
}
#endif

}  // namespace

void Sleepers::wake_one() noexcept {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  std::uint32_t seen = counts_.load(std::memory_order_seq_cst);
  while (searching_in(seen) == 0 && sleeping_in(seen) > 0) {
    if (counts_.compare_exchange_weak(seen, seen - one_sleeping + one_searching,
                                      std::memory_order_seq_cst)) {
      wakes_.fetch_add(1, std::memory_order_release);
      wake_waiter(wakes_);
      return;
    }
  }
}

bool Sleepers::begin_search(unsigned workers) noexcept {
  std::uint32_t seen = counts_.load(std::memory_order_relaxed);
  while (2 * searching_in(seen) < workers) {
    if (counts_.compare_exchange_weak(seen, seen + one_searching, std::memory_order_seq_cst)) {
      return true;
    }
  }
  return false;
}

bool Sleepers::end_search() noexcept {
  const std::uint32_t before = counts_.fetch_sub(one_searching, std::memory_order_seq_cst);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return searching_in(before) == 1 && sleeping_in(before) > 0;
}

void Sleepers::lie_down(bool searching) noexcept {
  counts_.fetch_add(searching ? one_sleeping - one_searching : one_sleeping,
                    std::memory_order_seq_cst);
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

bool Sleepers::get_up() noexcept {
  std::uint32_t seen = counts_.load(std::memory_order_seq_cst);
  while (sleeping_in(seen) > 0) {
    // As long as one is left that nobody chose, that may be the caller.
    if (counts_.compare_exchange_weak(seen, seen - one_sleeping + one_searching,
                                      std::memory_order_seq_cst)) {
      return true;
    }
  }
  return false;
}

void Sleepers::wait() noexcept {
  for (;;) {
    std::uint32_t there = wakes_.load(std::memory_order_acquire);
    if (there == 0) {
      wait_while_zero(wakes_);
    } else if (wakes_.compare_exchange_weak(there, there - 1, std::memory_order_acquire)) {
      return;
    }
  }
}

void Sleepers::wake_all(std::uint32_t workers) noexcept {
  wakes_.fetch_add(workers, std::memory_order_release);
  wake_waiters(wakes_);
}

std::uint32_t Sleepers::sleeping() const noexcept {
  return sleeping_in(counts_.load(std::memory_order_seq_cst));
}

}  // namespace host::runtime
