// backplane/testing/fake_host_impl.hpp - what the fake host does. Included by fake_host.hpp.
//
// Since: 1.0. Thread: the one that drives the fake host, except push().
#pragma once

#include <algorithm>
#include <bit>

#include "backplane/testing/fake_host.hpp"
#include "backplane/testing/fake_host_calls.hpp"
#include "backplane/testing/fake_host_tables.hpp"

namespace bp::testing {

inline fake_host::fake_host(const bp_entry& entry, std::string config)
    : host_{{sizeof(bp_host), BP_ABI_MAJOR, BP_ABI_MINOR, &fake_tables::query}, this},
      plugin_(entry.plugins[0]),
      config_(std::move(config)),
      properties_{{"instance.id", "test"}, {"host.name", "fake_host"}, {"host.version", "0"}} {}

inline fake_host::~fake_host() {
  destroy();
}

inline result<void> fake_host::create() {
  bp_error why{};
  why.struct_size = sizeof(why);
  const bp_status status = plugin_->create(&host_.abi, 1, &self_, &why);
  if (status < 0) {
    self_ = nullptr;
    return std::unexpected(error::from_abi(status, &why));
  }
  return {};
}

inline result<void> fake_host::start() {
  if (self_ == nullptr) {
    BP_TRY(create());
  }
  return operate(BP_EV_START, config_);
}

inline result<void> fake_host::stop() {
  return operate(BP_EV_STOP);
}

inline result<void> fake_host::configure(std::string config) {
  BP_TRY(operate(BP_EV_CONFIG, config));
  config_ = std::move(config);
  return {};
}

inline void fake_host::destroy() {
  if (self_ != nullptr) {
    plugin_->destroy(std::exchange(self_, nullptr));
  }
}

inline bp_op fake_host::begin(std::uint16_t type, std::string_view content) {
  queued one;
  one.event.type = type;
  one.event.handle = next_handle();
  one.content = content;
  const bp_op op = one.event.handle;
  operations_[op] = std::nullopt;
  saving_.clear();
  push(std::move(one));
  pump();
  if (type == BP_EV_SAVE && operations_[op] && *operations_[op]) {
    saved_ = saving_;
  }
  return op;
}

inline std::optional<result<void>> fake_host::finished(bp_op op) const {
  const std::lock_guard hold(busy_);
  const auto found = operations_.find(op);
  return found == operations_.end() ? std::nullopt : found->second;
}

inline result<void> fake_host::operate(std::uint16_t type, std::string_view content) {
  return finished(begin(type, content))
      .value_or(std::unexpected(error(BP_E_TIMEOUT, "the operation was not completed")));
}

inline void fake_host::advance(std::chrono::nanoseconds by) {
  const std::uint64_t until = now_ns_ + static_cast<std::uint64_t>(by.count());
  for (;;) {
    const auto due = std::min_element(
        timers_.begin(), timers_.end(),
        [](const auto& a, const auto& b) { return a.second.at_ns < b.second.at_ns; });
    if (due == timers_.end() || due->second.at_ns > until) {
      break;
    }
    now_ns_ = std::max(now_ns_, due->second.at_ns);
    queued one;
    one.event.type = BP_EV_TIMER;
    one.event.handle = due->first;
    one.event.token = due->second.token;
    one.event.seq = 1;
    if (due->second.every_ns != 0) {
      due->second.at_ns += due->second.every_ns;
    } else {
      timers_.erase(due);
    }
    push(std::move(one));
    pump();
  }
  now_ns_ = until;
}

inline void fake_host::push(queued one) {
  {
    const std::lock_guard hold(busy_);
    queue_.push_back(std::move(one));
  }
  woken_.notify_all();
}

inline void fake_host::push(std::vector<fake_registry::news> told) {
  for (fake_registry::news& each : told) {
    queued one;
    one.event = each.event;
    one.content = std::move(each.content);
    push(std::move(one));
  }
}

inline void fake_host::announce(known_name name) {
  std::vector<fake_registry::news> told;
  {
    const std::lock_guard hold(busy_);
    registry_.announce(std::move(name), told);
  }
  push(std::move(told));
  pump();
}

inline void fake_host::announce_untold(known_name name) {
  std::vector<fake_registry::news> untold;
  const std::lock_guard hold(busy_);
  registry_.announce(std::move(name), untold);
}

inline void fake_host::withdraw(std::uint32_t what, std::string_view name, std::uint32_t major) {
  std::vector<fake_registry::news> told;
  {
    const std::lock_guard hold(busy_);
    registry_.withdraw(what, name, major, told);
  }
  push(std::move(told));
  pump();
}

inline std::size_t fake_host::open_watches() const {
  const std::lock_guard hold(busy_);
  return registry_.open();
}

inline void fake_host::pump() {
  for (;;) {
    std::vector<queued> batch;
    {
      const std::lock_guard hold(busy_);
      for (; !queue_.empty(); queue_.pop_front()) {
        const bp_event& event = queue_.front().event;
        if (event.type != BP_EV_REGISTRY || registry_.watches(event.handle)) {
          batch.push_back(std::move(queue_.front()));
        }
      }
    }
    if (!batch.empty()) {
      dispatch(std::move(batch));
    } else if (!jobs_at_once_ || run_jobs() == 0) {
      return;
    }
  }
}

inline bool fake_host::pump_until(const std::function<bool()>& done,
                                  std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    pump();
    if (done()) {
      return true;
    }
    std::unique_lock hold(busy_);
    if (!woken_.wait_until(hold, deadline, [this] { return !queue_.empty() || !jobs_.empty(); })) {
      hold.unlock();
      return done();
    }
  }
}

inline std::size_t fake_host::run_jobs() {
  std::size_t count = 0;
  for (;; ++count) {
    job next{};
    {
      const std::lock_guard hold(busy_);
      if (jobs_.empty()) {
        return count;
      }
      next = jobs_.front();
      jobs_.pop_front();
    }
    next.fn(next.argument);
    queued one;
    one.event.type = BP_EV_WORK_DONE;
    one.event.token = next.token;
    push(std::move(one));
    if (!jobs_at_once_) {
      pump();
    }
  }
}

inline void fake_host::dispatch(std::vector<queued> batch) {
  std::vector<bp_event> events;
  {
    const std::lock_guard hold(busy_);
    for (queued& one : batch) {
      bp_event event = one.event;
      event.struct_size = sizeof(event);
      event.time_ns = now_ns_;
      if (one.why != nullptr) {
        event.flags = static_cast<std::uint16_t>(event.flags | BP_EVF_ERROR);
        event.buf = {one.why.get(), sizeof(bp_error), sizeof(bp_error), 0};
      } else if (!one.content.empty() || one.message != 0) {
        event.buf = leases_.lend_copy(one.content, one.message);
      }
      events.push_back(event);
    }
  }
  if (self_ != nullptr) {
    plugin_->on_events(self_, events.data(), sizeof(bp_event),
                       static_cast<std::uint32_t>(events.size()));
  }
  const std::lock_guard hold(busy_);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    settle_lent(batch[i], events[i]);
  }
}

/// Returning acknowledges what was not retained.
inline void fake_host::settle_lent(const queued& one, const bp_event& event) {
  if (event.buf.lease != 0 && leases_.end(event.buf.lease) && one.message != 0) {
    messages_[one.message].end = fate::acked;
  }
}

inline std::vector<std::uint64_t> fake_host::deliver_batch(
    std::string_view channel, const std::vector<std::string>& contents) {
  std::vector<std::uint64_t> numbers;
  {
    const std::lock_guard hold(busy_);
    const channel_end* end = find_end(channel, BP_DIR_RECEIVE);
    for (const std::string& content : contents) {
      const std::uint64_t number = next_message_++;
      numbers.push_back(number);
      messages_[number] = {};
      if (end == nullptr) {
        continue;  // nobody listens: it stays pending
      }
      queued one;
      one.event.type = BP_EV_MESSAGE;
      one.event.token = end->token;
      one.event.handle = end->handle;
      one.event.seq = number;
      one.content = content;
      one.message = number;
      queue_.push_back(std::move(one));
    }
  }
  pump();
  return numbers;
}

inline std::uint64_t fake_host::deliver(std::string_view channel, std::string_view content,
                                        std::uint16_t flags) {
  std::uint64_t number = 0;
  {
    const std::lock_guard hold(busy_);
    number = next_message_++;
    messages_[number] = {};
    if (const channel_end* end = find_end(channel, BP_DIR_RECEIVE); end != nullptr) {
      queued one;
      one.event.type = BP_EV_MESSAGE;
      one.event.flags = flags;
      one.event.token = end->token;
      one.event.handle = end->handle;
      one.event.seq = number;
      one.content = content;
      one.message = number;
      queue_.push_back(std::move(one));
    }
  }
  pump();
  return number;
}

inline void fake_host::lag(std::string_view channel, std::uint64_t missed) {
  if (const channel_end* end = find_end(channel, BP_DIR_RECEIVE); end != nullptr) {
    queued one;
    one.event.type = BP_EV_LAGGED;
    one.event.token = end->token;
    one.event.handle = end->handle;
    one.event.seq = missed;
    push(std::move(one));
    pump();
  }
}

inline fate fake_host::fate_of(std::uint64_t message) const {
  const std::lock_guard hold(busy_);
  const auto found = messages_.find(message);
  return found == messages_.end() ? fate::pending : found->second.end;
}

inline std::string fake_host::nack_text(std::uint64_t message) const {
  const std::lock_guard hold(busy_);
  const auto found = messages_.find(message);
  return found == messages_.end() ? std::string() : found->second.nack;
}

inline std::vector<std::string> fake_host::sent(std::string_view channel) const {
  const std::lock_guard hold(busy_);
  const auto found = sent_.find(channel);
  return found == sent_.end() ? std::vector<std::string>() : found->second;
}

inline const channel_end* fake_host::end_of(std::string_view channel) const {
  for (const channel_end& each : ends_) {
    if (each.name == channel && !each.closed) {
      return &each;
    }
  }
  return nullptr;
}

inline channel_end* fake_host::find_end(std::string_view channel, std::uint32_t direction) {
  for (channel_end& each : ends_) {
    if (each.name == channel && each.direction == direction && !each.closed) {
      return &each;
    }
  }
  return nullptr;
}

inline channel_end* fake_host::find_end(bp_chan handle) {
  for (channel_end& each : ends_) {
    if (each.handle == handle) {
      return &each;
    }
  }
  return nullptr;
}

inline bp_status fake_host::publish(bp_chan channel, bp_buf* lease, std::uint64_t* confirm_token) {
  const std::lock_guard hold(busy_);
  const channel_end* end = find_end(channel);
  const auto content = leases_.content(*lease);
  if (end == nullptr || end->closed || lease->lease == 0 || !content) {
    return end != nullptr && end->closed ? BP_E_CLOSED : BP_E_STALE;
  }
  if (const auto credit = credit_.find(end->name); credit != credit_.end()) {
    if (credit->second == 0) {
      refused_.push_back(channel);
      return BP_E_WOULD_BLOCK;
    }
    --credit->second;
  }
  sent_[end->name].push_back(*content);
  if (const std::uint64_t message = leases_.message_of(lease->lease); message != 0) {
    messages_[message].end = fate::acked;
  }
  leases_.end(lease->lease);
  lease->lease = 0;
  if (confirm_token != nullptr) {
    queued one;
    one.event.type = BP_EV_CONFIRMED;
    one.event.token = *confirm_token;
    hold_confirmations_ ? confirmations_.push_back(std::move(one)) : push(std::move(one));
  }
  return BP_OK;
}

inline void fake_host::set_credit(std::string_view channel, std::uint64_t messages) {
  const std::lock_guard hold(busy_);
  credit_[std::string(channel)] = messages;
}

inline void fake_host::make_writable(std::string_view channel, std::uint64_t messages) {
  set_credit(channel, messages);
  std::vector<bp_chan> refused;
  {
    const std::lock_guard hold(busy_);
    refused.swap(refused_);
  }
  std::sort(refused.begin(), refused.end());
  refused.erase(std::unique(refused.begin(), refused.end()), refused.end());
  for (const bp_chan handle : refused) {
    if (const channel_end* end = find_end(handle); end != nullptr && end->name == channel) {
      queued one;
      one.event.type = BP_EV_WRITABLE;
      one.event.token = end->token;
      one.event.handle = handle;
      push(std::move(one));
    }
  }
  pump();
}

inline void fake_host::set_listeners(std::string_view channel, std::uint32_t count) {
  const std::lock_guard hold(busy_);
  auto& word = listeners_[std::string(channel)];
  if (word == nullptr) {
    word = std::make_unique<std::uint32_t>(count);
  }
  __atomic_store_n(word.get(), count, __ATOMIC_RELAXED);
}

inline void fake_host::confirm(bp_status status) {
  while (!confirmations_.empty()) {
    confirmations_.front().event.status = status;
    push(std::move(confirmations_.front()));
    confirmations_.pop_front();
  }
  pump();
}

inline std::vector<log_line> fake_host::log() const {
  const std::lock_guard hold(busy_);
  return log_;
}

inline std::vector<std::string> fake_host::faults() const {
  const std::lock_guard hold(busy_);
  return faults_;
}

inline double fake_host::metric(std::string_view name) const {
  const std::lock_guard hold(busy_);
  double sum = 0;
  for (const auto& [handle, each] : families_) {
    if (each.name != name) {
      continue;
    }
    for (const auto& cell : each.cells) {
      const std::uint64_t word = __atomic_load_n(&cell->value, __ATOMIC_RELAXED);
      const bool fraction = each.kind == BP_METRIC_GAUGE || each.kind == BP_METRIC_STATESET;
      sum += fraction ? std::bit_cast<double>(word) : static_cast<double>(word);
    }
  }
  return sum;
}

inline std::vector<exemplar> fake_host::exemplars(std::string_view name) const {
  const std::lock_guard hold(busy_);
  std::vector<exemplar> all;
  for (const auto& [handle, each] : families_) {
    if (each.name == name) {
      all.insert(all.end(), each.exemplars.begin(), each.exemplars.end());
    }
  }
  return all;
}

inline void fake_host::set_metric_snapshot(std::vector<std::string> parts) {
  const std::lock_guard hold(busy_);
  snapshots_ = std::move(parts);
}

inline std::uint32_t fake_host::known_metric_shape() const {
  const std::lock_guard hold(busy_);
  return known_shape_;
}

inline std::size_t fake_host::open_leases() const {
  const std::lock_guard hold(busy_);
  return leases_.open();
}

inline std::size_t fake_host::open_timers() const {
  const std::lock_guard hold(busy_);
  return timers_.size();
}

}  // namespace bp::testing
