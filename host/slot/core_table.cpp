// host/slot/core_table.cpp - bp.core/1: time, lifecycle, logging, timers, work, memory.
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "host/slot/slot.hpp"
#include "host/slot/tables.hpp"
#include "host/slot/text.hpp"

namespace host::slot {

struct CoreTable {
  static std::uint64_t BP_CALL now_ns(const bp_host* /*host*/) { return runtime::now_ns(); }

  static bp_status BP_CALL complete(const bp_host* host, bp_op op, bp_status status,
                                    const bp_error* error) {
    return Slot::of(host).complete(op, status, error);
  }

  static bp_status BP_CALL fault(const bp_host* host, bp_inst instance, const bp_error* error) {
    Slot& slot = Slot::of(host);
    if (!slot.is_instance(instance)) {
      return BP_E_STALE;
    }
    slot.fault(error::Error::from_abi(error == nullptr ? BP_E_UNKNOWN : error->code, error));
    return BP_OK;
  }

  static bp_status BP_CALL post(const bp_host* host, bp_inst instance, std::uint64_t token) {
    Slot& slot = Slot::of(host);
    if (!slot.is_instance(instance)) {
      return BP_E_STALE;
    }
    {
      const std::lock_guard lock(slot.mutex_);
      if (slot.state_ != Slot::State::active) {
        return BP_E_STATE;
      }
      if (slot.posts_ >= posts_max) {
        return BP_E_BUSY;
      }
      ++slot.posts_;
      Slot::Item item;
      item.event.type = BP_EV_POSTED;
      item.event.token = token;
      slot.items_.push_back(std::move(item));
    }
    slot.strand_->schedule();
    return BP_OK;
  }

  static bp_status BP_CALL config(const bp_host* host, bp_inst instance, bp_str* json) {
    const Slot& slot = Slot::of(host);
    if (!slot.is_instance(instance)) {
      return BP_E_STALE;
    }
    if (json == nullptr) {
      return BP_E_INVALID;
    }
    *json = str_of(slot.identity_.config);
    return BP_OK;
  }

  static bp_status BP_CALL property(const bp_host* host, bp_inst instance, const bp_str* name,
                                    bp_str* value) {
    const Slot& slot = Slot::of(host);
    if (!slot.is_instance(instance)) {
      return BP_E_STALE;
    }
    if (value == nullptr) {
      return BP_E_INVALID;
    }
    const Identity& identity = slot.identity_;
    const std::array<std::pair<std::string_view, std::string_view>, 4> facts{{
        {"instance.id", identity.id},
        {"instance.data_dir", identity.data_dir},
        {"host.name", identity.host_name},
        {"host.version", identity.host_version},
    }};
    const auto* found = std::ranges::find(facts, view_of(name),
                                          &std::pair<std::string_view, std::string_view>::first);
    if (found == facts.end()) {
      return BP_E_NOT_FOUND;
    }
    *value = str_of(found->second);
    return BP_OK;
  }

  static std::uint32_t BP_CALL log_level(const bp_host* host) {
    return static_cast<std::uint32_t>(Slot::of(host).surroundings_.logger.level());
  }

  static void BP_CALL log(const bp_host* host, bp_inst instance, std::uint32_t level,
                          const bp_str* message, const bp_str* pairs, std::uint32_t n_pairs,
                          const std::uint8_t* trace) {
    const Slot& slot = Slot::of(host);
    if (!slot.is_instance(instance) || level >= BP_LOG_OFF || message == nullptr) {
      return;
    }
    const auto wanted = static_cast<log::Level>(level);
    if (!slot.surroundings_.logger.enabled(wanted)) {
      return;
    }
    std::vector<log::Field> fields;
    const std::uint32_t count = pairs == nullptr ? 0 : std::min(n_pairs, BP_LOG_PAIRS_MAX);
    fields.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      fields.push_back(
          {view_of(pairs[std::size_t{2} * i]), view_of(pairs[std::size_t{2} * i + 1])});
    }
    log::TraceContext context;
    if (trace != nullptr) {
      std::copy_n(trace, context.trace_id.size(), context.trace_id.begin());
      std::copy_n(trace + context.trace_id.size(), context.span_id.size(), context.span_id.begin());
    }
    slot.surroundings_.logger.write(wanted, view_of(*message), fields, context);
  }

  static bp_status BP_CALL run_blocking(const bp_host* host, bp_inst instance,
                                        void(BP_CALL* fn)(void*), void* argument,
                                        std::uint64_t token) {
    Slot& slot = Slot::of(host);
    if (!slot.is_instance(instance)) {
      return BP_E_STALE;
    }
    if (fn == nullptr) {
      return BP_E_INVALID;
    }
    {
      const std::lock_guard lock(slot.mutex_);
      if (slot.state_ != Slot::State::active) {
        return BP_E_STATE;
      }
      ++slot.jobs_;
    }
    const bool taken = slot.surroundings_.runtime.blocking().submit(
        [self = slot.shared_from_this(), fn, argument, token] {
          Slot::Item item;
          item.event.type = BP_EV_WORK_DONE;
          item.event.token = token;
          bool wanted = false;
          {
            const std::lock_guard lock(self->mutex_);
            wanted = self->state_ == Slot::State::active;
          }
          if (wanted) {
            try {
              fn(argument);
            } catch (...) {
              self->fault({BP_E_PANIC, "a blocking job threw across the boundary"});
            }
          } else {
            item.event.status = BP_E_CANCELLED;
          }
          self->push(std::move(item));
          self->job_ended();
        });
    if (!taken) {
      slot.job_ended();
      return BP_E_BUSY;
    }
    return BP_OK;
  }

  static bp_status BP_CALL timer(const bp_host* host, bp_inst instance, std::uint64_t at_ns,
                                 std::uint64_t every_ns, std::uint64_t token, bp_timer* out_timer) {
    Slot& slot = Slot::of(host);
    if (!slot.is_instance(instance)) {
      return BP_E_STALE;
    }
    bp_timer handle = 0;
    {
      const std::lock_guard lock(slot.mutex_);
      if (slot.state_ != Slot::State::active) {
        return BP_E_STATE;
      }
      handle = slot.timers_.add({0, token, every_ns == 0, 0});
    }
    if (handle == 0) {
      return BP_E_BUSY;
    }
    const auto id = slot.surroundings_.runtime.timers().add(
        at_ns, every_ns, [weak = slot.weak_from_this(), handle](std::uint64_t count) {
          if (const auto self = weak.lock()) {
            expired(*self, handle, count);
          }
        });
    const std::lock_guard lock(slot.mutex_);
    if (Slot::Timer* made = slot.timers_.find(handle)) {
      made->id = id;
    } else {
      slot.surroundings_.runtime.timers().cancel(id);  // withdrawn meanwhile, or fired already
    }
    if (out_timer != nullptr) {
      *out_timer = handle;
    }
    return BP_OK;
  }

  static void expired(Slot& slot, bp_timer handle, std::uint64_t count) {
    {
      const std::lock_guard lock(slot.mutex_);
      Slot::Timer* timer = slot.timers_.find(handle);
      if (timer == nullptr || slot.state_ != Slot::State::active) {
        return;
      }
      timer->expired += count;
      if (timer->expired != count) {
        return;  // an event is on its way already
      }
      Slot::Item item;
      item.event.type = BP_EV_TIMER;
      item.event.handle = handle;
      slot.items_.push_back(std::move(item));
    }
    slot.strand_->schedule();
  }

  static bp_status BP_CALL cancel_timer(const bp_host* host, bp_timer timer) {
    Slot& slot = Slot::of(host);
    std::optional<Slot::Timer> gone;
    {
      const std::lock_guard lock(slot.mutex_);
      gone = slot.timers_.remove(timer);
    }
    if (!gone) {
      return BP_E_STALE;
    }
    slot.surroundings_.runtime.timers().cancel(gone->id);
    return BP_OK;
  }

  static bp_status BP_CALL alloc(const bp_host* host, bp_inst instance, std::uint64_t size,
                                 bp_buf* out_lease) {
    Slot& slot = Slot::of(host);
    if (!slot.is_instance(instance)) {
      return BP_E_STALE;
    }
    if (out_lease == nullptr) {
      return BP_E_INVALID;
    }
    if (size > BP_MESSAGE_BYTES_MAX) {
      return BP_E_TOO_LARGE;
    }
    Lease lease;
    lease.message.block = slot.surroundings_.exchange.pool().allocate(size);
    if (!lease.message.block) {
      return BP_E_NO_MEMORY;
    }
    lease.message.size = size;
    const message::Message message = lease.message;
    const std::lock_guard lock(slot.mutex_);
    const bp_lease handle = slot.leases_.add(std::move(lease));
    if (handle == 0) {
      return BP_E_NO_MEMORY;
    }
    *out_lease = as_buf(message, handle);
    return BP_OK;
  }
};

const bp_core* core_table() noexcept {
  static constexpr bp_core table{
      sizeof(bp_core),         0,
      CoreTable::now_ns,       CoreTable::complete,
      CoreTable::fault,        CoreTable::post,
      CoreTable::config,       CoreTable::property,
      CoreTable::log_level,    CoreTable::log,
      CoreTable::run_blocking, CoreTable::timer,
      CoreTable::cancel_timer, CoreTable::alloc,
  };
  return &table;
}

const void* find_table(std::string_view interface_id) noexcept {
  const std::array<std::pair<std::string_view, const void*>, 8> tables{{
      {BP_CORE_ID, core_table()},
      {BP_CHAN_ID, channel_table()},
      {BP_SVC_ID, service_table()},
      {BP_JSON_ID, json_table()},
      {BP_STATE_ID, state_table()},
      {BP_TRACE_ID, trace_table()},
      {BP_METRIC_ID, metric_table()},
      {BP_REGISTRY_ID, registry_table()},
  }};
  for (const auto& [id, table] : tables) {
    if (id == interface_id) {
      return table;
    }
  }
  return nullptr;
}

}  // namespace host::slot
