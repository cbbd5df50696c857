// host/slot/extension_tables.cpp - bp.state/1, bp.trace/1 and bp.metric/1.
#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>
#include <utility>

#include "host/metric/snapshot.hpp"
#include "host/slot/slot.hpp"
#include "host/slot/tables.hpp"
#include "host/slot/text.hpp"

namespace host::slot {

namespace {

constexpr std::uint64_t payload_mask = (std::uint64_t{1} << 56U) - 1;

std::uint64_t with_kind(HandleKind kind, std::uint64_t id) noexcept {
  return static_cast<std::uint64_t>(kind) << 56U | (id & payload_mask);
}

bool has_kind(HandleKind kind, std::uint64_t handle) noexcept {
  return handle >> 56U == static_cast<std::uint64_t>(kind);
}

std::vector<log::Field> fields_of(const bp_str* pairs, std::uint32_t count) {
  std::vector<log::Field> fields;
  for (std::uint32_t i = 0; pairs != nullptr && i < std::min(count, BP_TRACE_FIELDS_MAX); ++i) {
    fields.push_back({view_of(pairs[std::size_t{2} * i]), view_of(pairs[std::size_t{2} * i + 1])});
  }
  return fields;
}

}  // namespace

struct StateTable {
  static bool open_operation(Slot& slot, bp_op op, std::uint16_t type) {
    const Slot::Operation* operation = slot.operations_.find(op);
    return operation != nullptr && operation->type == type;
  }

  static bp_status BP_CALL put(const bp_host* host, bp_op op, const bp_str* key,
                               std::uint32_t flags, const void* data, std::uint64_t size) {
    Slot& slot = Slot::of(host);
    const std::string_view name = view_of(key);
    if (name.empty() || name.size() > BP_NAME_BYTES_MAX || (data == nullptr && size > 0)) {
      return BP_E_INVALID;
    }
    if ((flags & ~std::uint32_t{BP_STATE_PORTABLE}) != 0) {
      return BP_E_TOO_NEW;
    }
    const std::lock_guard lock(slot.mutex_);
    if (!open_operation(slot, op, BP_EV_SAVE)) {
      return BP_E_STALE;
    }
    std::uint64_t total = size;
    for (const auto& [other, value] : slot.saving_) {
      total += other == name ? 0 : value.size();
    }
    if (size > BP_STATE_BYTES_MAX || total > BP_STATE_BYTES_MAX ||
        slot.saving_.size() >= BP_STATE_KEYS_MAX) {
      return BP_E_TOO_LARGE;
    }
    slot.saving_.insert_or_assign(std::string(name),
                                  std::string(static_cast<const char*>(data), size));
    return BP_OK;
  }

  static bp_status BP_CALL get(const bp_host* host, bp_op op, const bp_str* key,
                               bp_str* out_value) {
    Slot& slot = Slot::of(host);
    const std::lock_guard lock(slot.mutex_);
    if (!open_operation(slot, op, BP_EV_RESTORE)) {
      return BP_E_STALE;
    }
    if (out_value == nullptr) {
      return BP_E_INVALID;
    }
    const auto found = slot.saved_.find(view_of(key));
    if (found == slot.saved_.end()) {
      return BP_E_NOT_FOUND;
    }
    *out_value = str_of(found->second);
    return BP_OK;
  }
};

const bp_state_api* state_table() noexcept {
  static constexpr bp_state_api table{sizeof(bp_state_api), 0, StateTable::put, StateTable::get};
  return &table;
}

struct TraceTable {
  static bp_status BP_CALL begin(const bp_host* host, bp_inst instance, const bp_str* name,
                                 const std::uint8_t* parent, const bp_str* pairs,
                                 std::uint32_t n_pairs, bp_span* out_span, std::uint8_t* context) {
    Slot& slot = Slot::of(host);
    if (!slot.is_instance(instance)) {
      return BP_E_STALE;
    }
    if (out_span == nullptr) {
      return BP_E_INVALID;
    }
    log::TraceContext above;
    if (parent != nullptr) {
      std::copy_n(parent, above.trace_id.size(), above.trace_id.begin());
      std::copy_n(parent + above.trace_id.size(), above.span_id.size(), above.span_id.begin());
    }
    auto begun = slot.surroundings_.spans.begin(slot.instance_, slot.surroundings_.logger,
                                                view_of(name), above, fields_of(pairs, n_pairs));
    if (!begun) {
      return begun.error().code();
    }
    *out_span = with_kind(HandleKind::span, begun->id);
    if (context != nullptr) {
      std::ranges::copy(begun->context.trace_id, context);
      std::ranges::copy(begun->context.span_id, context + begun->context.trace_id.size());
    }
    return BP_OK;
  }

  static bp_status BP_CALL set(const bp_host* host, bp_span span, const bp_str* pairs,
                               std::uint32_t n_pairs) {
    const Slot& slot = Slot::of(host);
    if (!has_kind(HandleKind::span, span)) {
      return BP_E_STALE;
    }
    const auto done = slot.surroundings_.spans.set(slot.instance_, span & payload_mask,
                                                   fields_of(pairs, n_pairs));
    return done ? BP_OK : done.error().code();
  }

  static bp_status BP_CALL end(const bp_host* host, bp_span span, bp_status status) {
    const Slot& slot = Slot::of(host);
    if (!has_kind(HandleKind::span, span)) {
      return BP_E_STALE;
    }
    const auto done = slot.surroundings_.spans.end(slot.instance_, span & payload_mask, status);
    return done ? BP_OK : done.error().code();
  }
};

const bp_trace_api* trace_table() noexcept {
  static constexpr bp_trace_api table{sizeof(bp_trace_api), 0, TraceTable::begin, TraceTable::set,
                                      TraceTable::end};
  return &table;
}

struct MetricTable {
  static bp_status BP_CALL define(const bp_host* host, bp_inst instance, const bp_metric_desc* desc,
                                  bp_family* out_family, bp_error* error) {
    Slot& slot = Slot::of(host);
    if (!slot.is_instance(instance)) {
      return BP_E_STALE;
    }
    if (desc == nullptr || out_family == nullptr) {
      return refuse({BP_E_INVALID, "desc and out_family must not be NULL"}, error);
    }
    const auto definition = metric::read_desc(*desc);
    if (!definition) {
      return refuse(definition.error(), error);
    }
    auto id = slot.surroundings_.metrics.define(slot.instance_, *definition);
    if (!id) {
      return refuse(id.error(), error);
    }
    *out_family = with_kind(HandleKind::family, *id);
    return BP_OK;
  }

  static bp_status BP_CALL bind(const bp_host* host, bp_inst instance, bp_family family,
                                const bp_str* label_values, std::uint32_t n_values,
                                bp_metric_cell** out_cell) {
    Slot& slot = Slot::of(host);
    if (!slot.is_instance(instance) || !has_kind(HandleKind::family, family)) {
      return BP_E_STALE;
    }
    if (n_values > BP_METRIC_LABELS_MAX || (label_values == nullptr && n_values > 0) ||
        out_cell == nullptr) {
      return BP_E_INVALID;
    }
    std::vector<std::string_view> values;
    for (std::uint32_t i = 0; i < n_values; ++i) {
      values.push_back(view_of(label_values[i]));
    }
    // The strand is one writer, whichever thread it runs on; every other thread is its own.
    const metric::Registry::Writer writer =
        slot.on_this_stack() ? metric::Registry::strand_writer
                             : std::hash<std::thread::id>{}(std::this_thread::get_id()) | 1U;
    auto cell =
        slot.surroundings_.metrics.bind(slot.instance_, family & payload_mask, values, writer);
    if (!cell) {
      return cell.error().code();
    }
    *out_cell = *cell;
    return BP_OK;
  }

  static bp_status BP_CALL exemplar(const bp_host* host, bp_inst instance,
                                    const bp_metric_cell* cell, double value,
                                    const std::uint8_t* trace) {
    Slot& slot = Slot::of(host);
    if (!slot.is_instance(instance)) {
      return BP_E_STALE;
    }
    if (trace == nullptr) {
      return BP_E_INVALID;
    }
    const std::span<const std::uint8_t, BP_TRACE_CONTEXT_BYTES> context(trace,
                                                                        BP_TRACE_CONTEXT_BYTES);
    return slot.surroundings_.metrics.exemplar(slot.instance_, cell, value, context);
  }

  static bp_status BP_CALL snapshot(const bp_host* host, bp_inst instance, bp_buf* out_lease) {
    Slot& slot = Slot::of(host);
    if (const bp_status refused = may_snapshot(slot, instance, out_lease); refused < 0) {
      return refused;
    }
    const auto encoded =
        metric::encode_snapshot(slot.surroundings_.metrics.collect(), wall_clock());
    if (!encoded) {
      return encoded.error().code();
    }
    std::vector<message::Message> whole(1);
    whole.front() = message::copy_of(slot.surroundings_.exchange.pool(),
                                     std::as_bytes(std::span(encoded->data(), encoded->size())));
    return whole.front().block ? lend(slot, std::move(whole), out_lease) : BP_E_NO_MEMORY;
  }

  static bp_status BP_CALL snapshot_parts(const bp_host* host, bp_inst instance,
                                          std::uint32_t shape, bp_buf* out_leases,
                                          std::uint32_t max_leases, std::uint32_t* out_count) {
    Slot& slot = Slot::of(host);
    const void* const out = out_count == nullptr ? nullptr : out_leases;
    if (const bp_status refused = may_snapshot(slot, instance, out); refused < 0) {
      return refused;
    }
    std::vector<message::Message> parts;
    const metric::PartRoom room = [&](std::size_t bytes) -> std::byte* {
      if (parts.size() >= max_leases) {
        return nullptr;
      }
      message::Message part;
      part.block = slot.surroundings_.exchange.pool().allocate(bytes);
      if (!part.block) {
        return nullptr;
      }
      part.size = bytes;
      parts.push_back(std::move(part));
      return parts.back().block.get()->payload();
    };
    const auto now = static_cast<std::uint64_t>(wall_clock().time_since_epoch().count());
    if (!slot.surroundings_.metrics.snapshot(shape, now, room)) {
      return parts.size() >= max_leases ? BP_E_TOO_LARGE : BP_E_NO_MEMORY;
    }
    const auto count = static_cast<std::uint32_t>(parts.size());
    const bp_status status = lend(slot, std::move(parts), out_leases);
    *out_count = status < 0 ? 0 : count;
    return status;
  }

 private:
  static std::chrono::sys_time<std::chrono::nanoseconds> wall_clock() {
    return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  }

  static bp_status may_snapshot(Slot& slot, bp_inst instance, const void* out) {
    if (!slot.is_instance(instance)) {
      return BP_E_STALE;
    }
    if (out == nullptr) {
      return BP_E_INVALID;
    }
    return slot.identity_.permissions.snapshot.empty() ? BP_E_PERMISSION : BP_OK;
  }

  // All of them or none.
  static bp_status lend(Slot& slot, std::vector<message::Message> messages, bp_buf* out) {
    const std::lock_guard lock(slot.mutex_);
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const message::Message kept = messages[i];
      const bp_lease handle = slot.leases_.add({std::move(messages[i]), nullptr, 0});
      if (handle == 0) {
        for (std::size_t given = 0; given < i; ++given) {
          slot.leases_.remove(out[given].lease);
        }
        return BP_E_NO_MEMORY;
      }
      out[i] = as_buf(kept, handle);
    }
    return BP_OK;
  }
};

const bp_metric_api* metric_table() noexcept {
  static constexpr bp_metric_api table{sizeof(bp_metric_api), 0,
                                       MetricTable::define,   MetricTable::bind,
                                       MetricTable::snapshot, MetricTable::snapshot_parts,
                                       MetricTable::exemplar};
  return &table;
}

}  // namespace host::slot
