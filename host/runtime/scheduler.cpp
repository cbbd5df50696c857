// host/runtime/scheduler.cpp - rings, stealing, and a sleep that misses no wake.
#include "host/runtime/scheduler.hpp"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include "host/runtime/batch_clock.hpp"
#include "host/runtime/runtime.hpp"
#include "host/runtime/thread_name.hpp"

namespace host::runtime {

namespace {

// Two strands that wake each other must not keep the worker from the others.
constexpr std::uint32_t next_streak_max = 3;
// The queue of other threads is looked at once in so many picks, and a fair share of it moves to
// the ring: one at a time, busy strands would keep it waiting however short its work is.
constexpr std::uint32_t injected_every_picks = 4;
constexpr std::size_t injected_take_max = run_queue_strands_max / 2;
constexpr unsigned pauses_per_look = 4;

void pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

constinit thread_local Worker* this_worker = nullptr;

}  // namespace

Scheduler::Scheduler(Options options)
    : spin_ns_(options.spin_ns),
      watch_(std::move(options.watch)),
      workers_wanted_(std::clamp(options.workers, 1U, workers_max)) {
  for (unsigned i = 0; i < workers_wanted_ + replacement_threads_max; ++i) {
    workers_.push_back(std::make_unique<Worker>(*this, i));
  }
}

Scheduler::~Scheduler() {
  stop(now_ns());
  join();
}

void Scheduler::join() {
  for (const std::unique_ptr<Worker>& worker : workers_) {
    if (worker->thread.joinable()) {
      worker->thread.join();  // a daemon with a stuck thread leaves by _exit and never comes here
    }
  }
}

void Scheduler::start() {
  const std::lock_guard lock(mutex_);
  for (unsigned i = 0; i < workers_wanted_; ++i) {
    start_worker(*workers_[i]);
  }
}

// Under the lock.
void Scheduler::start_worker(Worker& worker) {
  if (worker.thread.joinable()) {
    worker.thread.join();  // it left: what remains of it takes no lock
  }
  worker.replaced.store(false, std::memory_order_relaxed);
  alive_.fetch_add(1, std::memory_order_seq_cst);  // before it lives; see unwatch()
  try {
    worker.thread = std::thread([this, &worker] { work(worker); });
  } catch (const std::system_error&) {
    alive_.fetch_sub(1, std::memory_order_seq_cst);
    throw;
  }
  worker.in_use = true;
}

void Scheduler::work(Worker& me) {
  name_this_thread("bp-worker");
  this_worker = &me;
  watch();
  while (Strand* const strand = pick(me)) {
    run(me, *strand);
  }
  this_worker = nullptr;
  leave(me);
}

void Scheduler::run(Worker& me, Strand& strand) {
  me.begin(strand.name_);
  BatchClock::body_begins();
  const Strand::After after = strand.run();
  BatchClock::body_returned();
  me.end();
  if (after == Strand::After::again) {
    // Back to the end of the queue: one busy instance does not starve the others. Help is needed
    // only if this worker has something else to run first.
    const bool others = !me.queue.empty() || me.next.load(std::memory_order_relaxed) != nullptr;
    push_local(me, strand);
    if (others) {
      sleepers_.wake_one();
    }
  }
}

void Scheduler::leave(Worker& me) {
  StrandList left;
  if (Strand* const next = me.next.exchange(nullptr, std::memory_order_acq_rel)) {
    left.push_back(*next);
  }
  while (Strand* const strand = me.queue.take()) {
    left.push_back(*strand);
  }
  inject(left);
  const std::lock_guard lock(mutex_);
  if (me.replaced.load(std::memory_order_relaxed)) {
    --replaced_;
  }
  me.in_use = false;
  alive_.fetch_sub(1, std::memory_order_relaxed);
  ended_.notify_all();
}

Worker* Scheduler::myself() const noexcept {
  Worker* const worker = this_worker;
  return worker != nullptr && &worker->owner == this ? worker : nullptr;
}

void Scheduler::enqueue(Strand& strand) {
  Worker* const me = myself();
  if (me == nullptr) {
    inject(strand);
    return;
  }
  // Only this thread fills `next`, so an empty one stays empty.
  if (me->next.load(std::memory_order_relaxed) == nullptr) {
    me->next.store(&strand, std::memory_order_release);
    return;
  }
  if (Strand* const before = me->next.exchange(&strand, std::memory_order_acq_rel)) {
    push_local(*me, *before);
    sleepers_.wake_one();
  }
}

void Scheduler::post(std::function<void()> task, const std::string& name) {
  auto* const strand = new Strand(
      *this,
      [task = std::move(task)] {
        task();
        return false;
      },
      name);
  strand->state_.store(Strand::queued_bit | Strand::orphaned_bit, std::memory_order_relaxed);
  // Not to `next`: posted tasks keep their order.
  if (Worker* const me = myself()) {
    push_local(*me, *strand);
    sleepers_.wake_one();
  } else {
    inject(*strand);
  }
}

void Scheduler::push_local(Worker& me, Strand& strand) {
  if (me.queue.push(&strand)) {
    return;
  }
  StrandList half;
  for (std::size_t i = 0; i < run_queue_strands_max / 2; ++i) {
    if (Strand* const oldest = me.queue.take()) {
      half.push_back(*oldest);
    }
  }
  half.push_back(strand);
  inject(half);
}

void Scheduler::inject(Strand& strand) {
  StrandList one;
  one.push_back(strand);
  inject(one);
}

void Scheduler::inject(StrandList strands) {
  if (strands.empty()) {
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_.load(std::memory_order_relaxed)) {
      injected_.append(strands);
      injected_count_.store(injected_.size(), std::memory_order_release);
    }
  }
  // Not under the lock: what a closed strand owns may schedule others.
  while (Strand* const strand = strands.pop_front()) {
    strand->close();
  }
  sleepers_.wake_one();
}

// Behind what the ring holds: some of that may be older work of the same threads. A fair share; it
// stays visible to thieves.
void Scheduler::share_injected(Worker& me) {
  if (injected_count_.load(std::memory_order_acquire) == 0) {
    return;
  }
  const std::lock_guard lock(mutex_);
  const std::size_t share = injected_.size() / workers_wanted_ + 1;
  for (std::size_t taken = 0; taken < std::min(share, injected_take_max); ++taken) {
    Strand* const strand = injected_.pop_front();
    if (strand == nullptr) {
      break;
    }
    if (!me.queue.push(strand)) {
      injected_.push_front(*strand);
      break;
    }
  }
  injected_count_.store(injected_.size(), std::memory_order_release);
}

Strand* Scheduler::take_injected(Worker& me) {
  share_injected(me);
  return me.queue.take();
}

Strand* Scheduler::pick(Worker& me) {
  while (!stopping_.load(std::memory_order_relaxed) &&
         !me.replaced.load(std::memory_order_relaxed)) {
    Strand* found = pick_local(me);
    if (found == nullptr) {
      found = take_injected(me);
    }
    if (found == nullptr) {
      found = search(me);
    }
    if (me.searching && found != nullptr) {
      end_search(me);
    }
    if (found != nullptr) {
      return found;
    }
    park(me);
  }
  return nullptr;
}

Strand* Scheduler::pick_local(Worker& me) {
  if (++me.picks % injected_every_picks == 0) {
    share_injected(me);
  }
  if (me.next.load(std::memory_order_relaxed) != nullptr) {
    if (Strand* const next = me.next.exchange(nullptr, std::memory_order_acq_rel)) {
      if (me.next_streak < next_streak_max) {
        ++me.next_streak;
        return next;
      }
      const bool others = !me.queue.empty();
      push_local(me, *next);
      if (others) {
        sleepers_.wake_one();
      }
    }
  }
  me.next_streak = 0;
  return me.queue.take();
}

Strand* Scheduler::steal(Worker& me) noexcept {
  me.random ^= me.random << 13U;
  me.random ^= me.random >> 17U;
  me.random ^= me.random << 5U;
  const std::size_t count = workers_.size();
  for (std::size_t i = 0; i < count; ++i) {
    Worker& victim = *workers_[(me.random + i) % count];
    if (&victim == &me) {
      continue;
    }
    if (Strand* const strand = victim.queue.steal_into(me.queue)) {
      return strand;
    }
  }
  return nullptr;
}

Strand* Scheduler::search(Worker& me) {
  BatchClock::time_passes();
  if (!me.searching) {
    me.searching = sleepers_.begin_search(workers_wanted_);
  }
  Strand* found = steal(me);
  if (found != nullptr || !me.searching || spin_ns_ == 0) {
    return found;
  }
  const std::uint64_t until_ns = now_ns() + spin_ns_;
  do {
    for (unsigned i = 0; i < pauses_per_look; ++i) {
      pause();
    }
    found = take_injected(me);
    if (found == nullptr) {
      found = steal(me);
    }
  } while (found == nullptr && !stopping_.load(std::memory_order_relaxed) && now_ns() < until_ns);
  return found;
}

bool Scheduler::work_visible() const noexcept {
  return injected_count_.load(std::memory_order_acquire) != 0 ||
         std::ranges::any_of(workers_, [](const auto& worker) { return !worker->queue.empty(); });
}

void Scheduler::end_search(Worker& me) noexcept {
  me.searching = false;
  if (sleepers_.end_search() && work_visible()) {
    sleepers_.wake_one();
  }
}

void Scheduler::park(Worker& me) {
  sleepers_.lie_down(std::exchange(me.searching, false));
  const bool awake = work_visible() || stopping_.load(std::memory_order_seq_cst);
  if (!awake || !sleepers_.get_up()) {
    sleepers_.wait();
  }
  // Also when it got up by itself: whoever made the work it saw may have woken nobody because this
  // worker searched, so it is this worker that looks whether there is work for another.
  me.searching = true;
  watch();
}

void Scheduler::watch() {
  if (!watched_.load(std::memory_order_seq_cst) &&
      !watched_.exchange(true, std::memory_order_seq_cst) && watch_) {
    watch_();
  }
}

bool Scheduler::unwatch() noexcept {
  // A worker that wakes leaves the sleepers first and looks at `watched_` then.
  watched_.store(false, std::memory_order_seq_cst);
  const bool asleep = sleepers_.sleeping() >= alive_.load(std::memory_order_seq_cst);
  return !asleep && !watched_.exchange(true, std::memory_order_seq_cst);
}

Scheduler::Load Scheduler::load() {
  Load load;
  const std::lock_guard lock(mutex_);
  for (std::size_t place = 0; place < workers_.size(); ++place) {
    load.threads += workers_[place]->in_use ? 1U : 0U;
    load.running += handler(place).name != nullptr ? 1U : 0U;
  }
  return load;
}

Scheduler::Handler Scheduler::handler(std::size_t place) const noexcept {
  const Worker& worker = *workers_[place];
  const std::uint64_t batch = worker.batch.load(std::memory_order_acquire);
  if (batch % 2 == 0) {
    return {batch, nullptr};
  }
  const std::string* const name = worker.name.load(std::memory_order_acquire);
  const bool same = worker.batch.load(std::memory_order_acquire) == batch;
  return same ? Handler{batch, name} : Handler{batch + 1, nullptr};
}

void Scheduler::relieve(std::size_t place) {
  if (Strand* const next = workers_[place]->next.exchange(nullptr, std::memory_order_acq_rel)) {
    inject(*next);
  }
}

bool Scheduler::replace(std::size_t place, std::uint64_t batch) {
  const std::lock_guard lock(mutex_);
  Worker& stuck = *workers_[place];
  const auto free = std::ranges::find_if(
      workers_, [](const std::unique_ptr<Worker>& worker) { return !worker->in_use; });
  if (stopping_.load(std::memory_order_relaxed) || replaced_ >= replacement_threads_max ||
      free == workers_.end() || stuck.replaced.load(std::memory_order_relaxed) ||
      stuck.batch.load(std::memory_order_acquire) != batch) {
    return false;
  }
  try {
    start_worker(**free);
  } catch (const std::system_error&) {
    return false;  // no room for a thread just now
  }
  ++replaced_;
  stuck.replaced.store(true, std::memory_order_relaxed);
  return true;
}

unsigned Scheduler::stop(std::uint64_t deadline_ns) {
  StrandList dropped;
  {
    const std::lock_guard lock(mutex_);
    stopping_.store(true, std::memory_order_seq_cst);
    dropped.append(injected_);
    injected_count_.store(0, std::memory_order_release);
  }
  sleepers_.wake_all(static_cast<std::uint32_t>(workers_.size()));
  // Also what waits behind a body that does not return.
  for (const std::unique_ptr<Worker>& worker : workers_) {
    while (Strand* const strand = worker->queue.take()) {
      dropped.push_back(*strand);
    }
  }
  while (Strand* const strand = dropped.pop_front()) {
    strand->close();
  }
  std::unique_lock lock(mutex_);
  const std::uint64_t now = now_ns();
  const std::chrono::nanoseconds left(deadline_ns > now ? deadline_ns - now : 0);
  ended_.wait_for(lock, left, [this] { return alive_.load(std::memory_order_relaxed) == 0; });
  return alive_.load(std::memory_order_relaxed);
}

}  // namespace host::runtime
