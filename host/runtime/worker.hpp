// host/runtime/worker.hpp - what one worker thread has: its strands, and what it runs just now.
//
// Owns: its thread. Thread: as each part says. Errors: none.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

#include "host/runtime/run_queue.hpp"

namespace host::runtime {

class Scheduler;

struct alignas(64) Worker {
  explicit Worker(Scheduler& scheduler, std::uint32_t number)
      : owner(scheduler), random(number * 2'654'435'761U + 1) {}

  // The owner's alone.
  Scheduler& owner;
  std::uint32_t picks = 0;
  std::uint32_t next_streak = 0;
  std::uint32_t random;
  bool searching = false;

  // What the running body scheduled last. The owner stores and takes; the watchdog may take.
  std::atomic<Strand*> next{nullptr};
  RunQueue queue;

  // For the watchdog: odd while a body runs, and whose.
  std::atomic<std::uint64_t> batch{0};
  std::atomic<const std::string*> name{nullptr};
  // Another thread runs in its place: leave when the body returns.
  std::atomic<bool> replaced{false};

  // Under the scheduler's mutex.
  bool in_use = false;
  std::thread thread;

  void begin(const std::string& whose) noexcept {
    // Released, so that whoever reads the new name also sees that the former batch ended.
    name.store(&whose, std::memory_order_release);
    batch.store(batch.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  void end() noexcept {
    batch.store(batch.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }
};

}  // namespace host::runtime
