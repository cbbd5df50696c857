// host/runtime/watchdog.cpp - looks at the workers' batch counts and remembers since when.
#include "host/runtime/watchdog.hpp"

#include <algorithm>
#include <utility>

#include "host/runtime/runtime.hpp"

namespace host::runtime {

namespace {

// A short deadline needs more looks: it is missed by a quarter at most.
constexpr std::uint64_t looks_per_deadline = 4;

}  // namespace

Watchdog::Watchdog(Scheduler& scheduler, TimerQueue& timers, Options options)
    : scheduler_(scheduler),
      timers_(timers),
      options_(std::move(options)),
      look_ns_min_(std::clamp(options_.handler_deadline_ns / looks_per_deadline, std::uint64_t{1},
                              look_ns_min)),
      look_ns_max_(std::clamp(options_.handler_deadline_ns / looks_per_deadline, std::uint64_t{1},
                              look_ns_max)),
      seen_(scheduler.places()) {}

void Watchdog::begin() {
  {
    const std::lock_guard lock(mutex_);
    look_ns_ = look_ns_min_;
  }
  look_again();
}

void Watchdog::look_again() {
  std::uint64_t after_ns = 0;
  {
    const std::lock_guard lock(mutex_);
    after_ns = look_ns_;
  }
  timers_.add(now_ns() + after_ns, 0, [this](std::uint64_t) { look(); });
}

void Watchdog::look() {
  std::vector<Overrun> stuck;
  std::vector<Overrun> returned;
  bool rest = false;
  {
    const std::lock_guard lock(mutex_);
    running_ = false;
    changed_ = false;
    const std::uint64_t now = now_ns();
    for (std::size_t place = 0; place < seen_.size(); ++place) {
      look_at(place, now, stuck, returned);
    }
    // Not while it has still to tell that a handler returned.
    rest = !running_ && !changed_ && look_ns_ >= look_ns_max_ &&
           std::ranges::none_of(seen_, &Seen::reported);
    look_ns_ = running_ ? look_ns_min_ : std::min(look_ns_ * 2, look_ns_max_);
  }
  for (const Overrun& overrun : stuck) {
    if (options_.on_stuck) {
      options_.on_stuck(overrun);
    }
  }
  for (const Overrun& overrun : returned) {
    if (options_.on_returned) {
      options_.on_returned(overrun);
    }
  }
  if (!rest || scheduler_.unwatch()) {
    look_again();
  }
}

// Under the lock.
void Watchdog::look_at(std::size_t place, std::uint64_t now, std::vector<Overrun>& stuck,
                       std::vector<Overrun>& returned) {
  Seen& seen = seen_[place];
  const Scheduler::Handler handler = scheduler_.handler(place);
  if (handler.batch != seen.batch) {
    if (seen.reported) {
      returned.push_back({*seen.name, now - seen.since_ns, seen.replaced});
    }
    changed_ = true;
    seen = {handler.batch, now, handler.name, false, false};
    running_ = running_ || handler.name != nullptr;
    return;
  }
  if (handler.name == nullptr) {
    return;
  }
  scheduler_.relieve(place);
  const std::uint64_t ran_ns = now - seen.since_ns;
  const bool late = ran_ns >= options_.handler_deadline_ns;
  running_ = running_ || !late;
  if (!late) {
    return;
  }
  seen.replaced = seen.replaced || scheduler_.replace(place, seen.batch);
  if (!seen.reported) {
    seen.reported = true;
    ++overruns_[*seen.name];
    stuck.push_back({*seen.name, ran_ns, seen.replaced});
  }
}

bool Watchdog::replace(std::string_view name) {
  const std::lock_guard lock(mutex_);
  std::size_t longest = seen_.size();
  bool replaced = false;
  for (std::size_t place = 0; place < seen_.size(); ++place) {
    const Scheduler::Handler handler = scheduler_.handler(place);
    Seen& seen = seen_[place];
    if (handler.name == nullptr || (!name.empty() && *handler.name != name)) {
      continue;
    }
    if (handler.batch != seen.batch) {
      if (seen.reported) {
        continue;  // look() has something to tell about it first
      }
      seen = {handler.batch, now_ns(), handler.name, false, false};
    }
    replaced = replaced || seen.replaced;
    if (!seen.replaced && (longest == seen_.size() || seen.since_ns < seen_[longest].since_ns)) {
      longest = place;
    }
  }
  if (longest == seen_.size()) {
    return replaced;
  }
  seen_[longest].replaced = scheduler_.replace(longest, seen_[longest].batch);
  return seen_[longest].replaced;
}

std::map<std::string, std::uint64_t> Watchdog::overruns() const {
  const std::lock_guard lock(mutex_);
  return overruns_;
}

}  // namespace host::runtime
