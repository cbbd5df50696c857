// tests/bench/peers/wakes.cpp - from one thread's call to the other's first instruction after
// sleep: futex, eventfd, condition variable.
#include <atomic>
#include <climits>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <unistd.h>

#include <linux/futex.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

#include "tests/bench/peers/peers.hpp"
#include "tests/bench/race/measure.hpp"

namespace bench {

namespace {

constexpr std::uint64_t sleep_gap_ns = 300'000;  // as the sender of ours waits
constexpr std::uint64_t samples_max = 2'000;

class Futex {
 public:
  void wake(std::uint32_t turn) {
    word_.store(turn, std::memory_order_release);
    call(FUTEX_WAKE_PRIVATE, INT_MAX);
  }

  void sleep(std::uint32_t turn) {
    while (word_.load(std::memory_order_acquire) != turn) {
      call(FUTEX_WAIT_PRIVATE, turn - 1);
    }
  }

 private:
  void call(int operation, std::uint32_t value) {
    syscall(SYS_futex, &word_, operation, value, nullptr, nullptr, 0);
  }

  std::atomic<std::uint32_t> word_{0};
};

class EventFd {
 public:
  EventFd() = default;
  EventFd(const EventFd&) = delete;
  EventFd& operator=(const EventFd&) = delete;

  ~EventFd() { close(fd_); }

  void wake(std::uint32_t) { eventfd_write(fd_, 1); }

  void sleep(std::uint32_t) {
    eventfd_t value = 0;
    eventfd_read(fd_, &value);
  }

 private:
  int fd_ = eventfd(0, EFD_CLOEXEC);
};

class Condition {
 public:
  void wake(std::uint32_t turn) {
    {
      const std::lock_guard lock(mutex_);
      turn_ = turn;
    }
    wake_.notify_one();
  }

  void sleep(std::uint32_t turn) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return turn_ == turn; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::uint32_t turn_ = 0;
};

template <typename Bell>
Sample wake_up(std::uint64_t count) {
  Bell bell;
  std::atomic<std::uint64_t> woken{0};
  std::atomic<std::uint64_t> sent_at{0};
  std::vector<std::uint64_t> samples(count);
  std::thread sleeper([&] {
    const Processors second(1);
    for (std::uint64_t i = 0; i < count; ++i) {
      bell.sleep(static_cast<std::uint32_t>(i + 1));
      samples[i] = bench_now_ns() - sent_at.load(std::memory_order_relaxed);
      woken.store(i + 1, std::memory_order_release);
    }
  });
  const Processors first(0);
  for (std::uint64_t i = 0; i < count; ++i) {
    while (woken.load(std::memory_order_acquire) < i) {
    }
    const std::uint64_t until = bench_now_ns() + sleep_gap_ns;
    while (bench_now_ns() < until) {
    }
    sent_at.store(bench_now_ns(), std::memory_order_relaxed);
    bell.wake(static_cast<std::uint32_t>(i + 1));
  }
  sleeper.join();
  std::ranges::nth_element(samples, samples.begin() + static_cast<std::ptrdiff_t>(count / 2));
  return {static_cast<double>(samples[count / 2]), 0};
}

}  // namespace

Contenders wake_contenders() {
  return {
      {"idle", "futex", []() -> Round { return wake_up<Futex>; }, samples_max},
      {"idle", "eventfd", []() -> Round { return wake_up<EventFd>; }, samples_max},
      {"idle", "condition_variable", []() -> Round { return wake_up<Condition>; }, samples_max}};
}

}  // namespace bench
