// host/runtime/timer_queue.cpp - the heap of due times; the thread waits on the first.
#include "host/runtime/timer_queue.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "host/runtime/runtime.hpp"
#include "host/runtime/thread_name.hpp"

namespace host::runtime {

namespace {

constexpr std::size_t children = 4;
constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();
// Longer sleeps would not fit the clock's signed nanoseconds; the thread just looks again.
constexpr std::uint64_t sleep_ns_max = 3'600ULL * 24 * 1'000'000'000;

}  // namespace

static_assert(timers_max <= std::size_t{1} << 22U, "an id has 22 bits for the index");

TimerQueue::TimerQueue() : thread_([this] { run(); }) {}

TimerQueue::~TimerQueue() {
  stop();
}

TimerQueue::Id TimerQueue::add(std::uint64_t at_ns, std::uint64_t every_ns, Fire fire) {
  bool first = false;
  Id id = 0;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || heap_.size() >= timers_max) {
      return 0;
    }
    const std::uint32_t index = take_index();
    id = (next_count_++ << index_bits) | index;
    Entry& made = entry(id);
    made.id = id;
    made.every_ns = every_ns;
    made.fire = std::move(fire);
    push({at_ns, id});
    // Waking the thread costs more than everything else here: only if it would sleep too long.
    first = at_ns < sleeps_until_ns_;
    if (first) {
      sleeps_until_ns_ = at_ns;
    }
  }
  if (first) {
    changed_.notify_one();
  }
  return id;
}

bool TimerQueue::cancel(Id id) {
  Fire gone;  // let go of after the lock: what it holds may own timers
  const std::lock_guard lock(mutex_);
  if (id == 0 || (id & ((Id{1} << index_bits) - 1)) >= chunks_.size() * chunk_entries) {
    return false;
  }
  Entry& known = entry(id);
  if (known.id != id) {
    return false;
  }
  gone = std::move(known.fire);
  erase(known.place);
  free_entry(id);
  return true;
}

std::size_t TimerQueue::size() const {
  const std::lock_guard lock(mutex_);
  return heap_.size();
}

void TimerQueue::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable() && thread_.get_id() != std::this_thread::get_id()) {
    thread_.join();
  }
  // What waiting callbacks hold is let go now, while what they refer to still stands.
  std::vector<std::unique_ptr<std::array<Entry, chunk_entries>>> unfired;
  {
    const std::lock_guard lock(mutex_);
    heap_.clear();
    free_.clear();
    unfired.swap(chunks_);
  }
}

TimerQueue::Entry& TimerQueue::entry(Id id) noexcept {
  const std::size_t index = id & ((Id{1} << index_bits) - 1);
  return (*chunks_[index / chunk_entries])[index % chunk_entries];
}

std::uint32_t TimerQueue::take_index() {
  if (free_.empty()) {
    const std::size_t known = chunks_.size() * chunk_entries;
    free_.reserve(known + chunk_entries);  // so that freeing never allocates
    chunks_.push_back(std::make_unique<std::array<Entry, chunk_entries>>());
    for (std::size_t i = chunk_entries; i > 0; --i) {
      free_.push_back(static_cast<std::uint32_t>(known + i - 1));
    }
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  return index;
}

void TimerQueue::free_entry(Id id) {
  Entry& gone = entry(id);
  gone.id = 0;
  gone.place = nowhere;
  free_.push_back(static_cast<std::uint32_t>(id & ((Id{1} << index_bits) - 1)));
}

void TimerQueue::put(std::size_t place, const Node& node) noexcept {
  heap_[place] = node;
  entry(node.id).place = static_cast<std::uint32_t>(place);
}

void TimerQueue::rise(std::size_t place, const Node& node) noexcept {
  while (place > 0) {
    const std::size_t parent = (place - 1) / children;
    if (!node.before(heap_[parent])) {
      break;
    }
    put(place, heap_[parent]);
    place = parent;
  }
  put(place, node);
}

void TimerQueue::sink(std::size_t place, const Node& node) noexcept {
  for (;;) {
    const std::size_t first = place * children + 1;
    if (first >= heap_.size()) {
      break;
    }
    std::size_t least = first;
    for (std::size_t child = first + 1; child < std::min(first + children, heap_.size()); ++child) {
      least = heap_[child].before(heap_[least]) ? child : least;
    }
    if (!heap_[least].before(node)) {
      break;
    }
    put(place, heap_[least]);
    place = least;
  }
  put(place, node);
}

void TimerQueue::push(const Node& node) {
  heap_.push_back(node);
  rise(heap_.size() - 1, node);
}

void TimerQueue::erase(std::size_t place) noexcept {
  const Node last = heap_.back();
  heap_.pop_back();
  if (place == heap_.size()) {
    return;
  }
  if (place > 0 && last.before(heap_[(place - 1) / children])) {
    rise(place, last);
  } else {
    sink(place, last);
  }
}

void TimerQueue::fire_first(std::unique_lock<std::mutex>& lock, std::uint64_t now) {
  const Node due = heap_.front();
  Entry& timer = entry(due.id);
  Fire fire = std::move(timer.fire);
  std::uint64_t count = 1;
  if (timer.every_ns == 0) {
    erase(0);
    free_entry(due.id);
  } else {
    count += (now - due.at_ns) / timer.every_ns;
    sink(0, {due.at_ns + count * timer.every_ns, due.id});
  }
  const bool repeats = timer.every_ns != 0;
  lock.unlock();
  fire(count);
  if (repeats) {
    give_back(due.id, fire);
  }
  fire = Fire();  // what it holds may own timers: let go of without the lock
  lock.lock();
}

// A repeated one keeps its function, unless it was cancelled meanwhile, or all were.
void TimerQueue::give_back(Id id, Fire& fire) {
  const std::lock_guard lock(mutex_);
  if (!stopping_ && entry(id).id == id) {
    entry(id).fire = std::move(fire);
  }
}

void TimerQueue::run() {
  name_this_thread("bp-timer");
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const std::uint64_t due = heap_.empty() ? never : heap_.front().at_ns;
    const std::uint64_t now = now_ns();
    if (due <= now) {
      sleeps_until_ns_ = 0;  // it looks again before it sleeps
      fire_first(lock, now);
      continue;
    }
    sleeps_until_ns_ = due;
    if (due == never) {
      changed_.wait(lock);
    } else {
      changed_.wait_for(lock, std::chrono::nanoseconds(std::min(due - now, sleep_ns_max)));
    }
  }
}

}  // namespace host::runtime
