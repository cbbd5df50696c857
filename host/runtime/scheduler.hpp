// host/runtime/scheduler.hpp - which worker runs which strand, and when a worker sleeps.
//
// Owns: the worker threads. Thread: any, except where said. Errors: none.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/runtime/sleepers.hpp"
#include "host/runtime/strand.hpp"
#include "host/runtime/worker.hpp"

namespace host::runtime {

inline constexpr unsigned workers_max = 1024;
inline constexpr unsigned replacement_threads_max = 4;

// A strand that a body schedules goes to its worker's `next` and runs right after it, while its
// data is warm, and nobody is woken. What stood in `next` moves to the worker's ring, which idle
// workers steal from. Threads that are no workers put strands into one queue under a mutex.
//
// At most one worker is woken per sleep, and none while another looks for work already: a wake
// costs its sender as much as a thousand messages.
class Scheduler {
 public:
  struct Options {
    unsigned workers = 1;
    // How long a worker that found nothing keeps looking before it sleeps.
    std::uint64_t spin_ns = 0;
    // Called by a worker that begins to work while nobody watches it; see unwatch().
    std::function<void()> watch;
  };

  explicit Scheduler(Options options);
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;
  ~Scheduler();

  void start();

  // Let running bodies end; run nothing more. Answers how many still run at the deadline.
  unsigned stop(std::uint64_t deadline_ns);

  // After stop(): waits for the threads, however long a body takes.
  void join();

  // Run the strand, whose state says `queued`, soon.
  void enqueue(Strand& strand);

  // Run `task` once, after what is queued.
  void post(std::function<void()> task, const std::string& name);

  struct Load {
    unsigned threads = 0;  // replacements included
    unsigned running = 0;  // that run a body just now
  };

  [[nodiscard]] Load load();

  // For the watchdog.
  struct Handler {
    std::uint64_t batch = 0;            // odd while it runs; never the same for two batches
    const std::string* name = nullptr;  // null while it does not
  };

  [[nodiscard]] std::size_t places() const noexcept { return workers_.size(); }

  [[nodiscard]] Handler handler(std::size_t place) const noexcept;

  // The body that runs there takes its time: let another worker have what it scheduled last.
  void relieve(std::size_t place);

  // Start another thread in place of one that still runs that batch; the old one leaves when its
  // body returns. False when replacement_threads_max are at work, or the batch is over.
  bool replace(std::size_t place, std::uint64_t batch);

  // Nobody watches any more, unless it answers true: then a worker is awake. The next worker that
  // wakes calls Options::watch.
  [[nodiscard]] bool unwatch() noexcept;

 private:
  [[nodiscard]] Worker* myself() const noexcept;
  [[nodiscard]] bool work_visible() const noexcept;

  void start_worker(Worker& worker);
  void work(Worker& me);
  void run(Worker& me, Strand& strand);
  void leave(Worker& me);

  [[nodiscard]] Strand* pick(Worker& me);
  [[nodiscard]] Strand* pick_local(Worker& me);
  [[nodiscard]] Strand* take_injected(Worker& me);
  void share_injected(Worker& me);
  [[nodiscard]] Strand* steal(Worker& me) noexcept;
  [[nodiscard]] Strand* search(Worker& me);

  void push_local(Worker& me, Strand& strand);
  void inject(StrandList strands);
  void inject(Strand& strand);

  void end_search(Worker& me) noexcept;
  void park(Worker& me);
  void watch();

  const std::uint64_t spin_ns_;
  const std::function<void()> watch_;
  const unsigned workers_wanted_;
  std::vector<std::unique_ptr<Worker>> workers_;  // with room for replacements

  Sleepers sleepers_;
  std::atomic<bool> watched_{false};

  alignas(64) std::atomic<std::size_t> injected_count_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<unsigned> alive_{0};
  std::mutex mutex_;
  std::condition_variable ended_;
  StrandList injected_;
  unsigned replaced_ = 0;
};

}  // namespace host::runtime
