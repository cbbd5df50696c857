// backplane/testing/fake_host_tables.hpp - the fake host's extensions, and the way to every table.
//
// Since: 1.0. Thread: any; each function takes the fake host's lock.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backplane/testing/fake_core_tables.hpp"
#include "backplane/testing/fake_host.hpp"

namespace bp::testing {

struct fake_tables : fake_core_tables {
  static const void* BP_CALL query(const bp_host* /*host*/, const char* id) {
    static constexpr bp_core core{
        sizeof(bp_core), 0,         now_ns, complete,     fault, post,         config,
        property,        log_level, log,    run_blocking, timer, cancel_timer, alloc};
    static constexpr bp_chan_api chan{sizeof(bp_chan_api),
                                      0,
                                      open,
                                      reserve,
                                      send,
                                      send_confirmed,
                                      retain,
                                      release,
                                      ack,
                                      nack,
                                      close,
                                      pause,
                                      resume,
                                      wait_writable,
                                      activity,
                                      publish_copies};
    static constexpr bp_svc_api svc{
        sizeof(bp_svc_api), 0, provide, require, call, reply, cancel, close_service, caller};
    static constexpr bp_json_api json{sizeof(bp_json_api), 0, json_publish, json_call,
                                      json_subscribe};
    static constexpr bp_metric_api metric{
        sizeof(bp_metric_api), 0, define, bind, snapshot, snapshot_parts, keep_exemplar};
    static constexpr bp_state_api state{sizeof(bp_state_api), 0, put, get};
    static constexpr bp_trace_api trace{sizeof(bp_trace_api), 0, begin_span, set_span, end_span};
    static constexpr bp_registry_api registry{sizeof(bp_registry_api), 0, watch, unwatch};
    const std::string_view wanted(id);
    return wanted == BP_CORE_ID       ? &core
           : wanted == BP_CHAN_ID     ? &chan
           : wanted == BP_SVC_ID      ? &svc
           : wanted == BP_JSON_ID     ? &json
           : wanted == BP_METRIC_ID   ? &metric
           : wanted == BP_STATE_ID    ? static_cast<const void*>(&state)
           : wanted == BP_TRACE_ID    ? static_cast<const void*>(&trace)
           : wanted == BP_REGISTRY_ID ? &registry
                                      : nullptr;
  }

  // --- bp.json/1, bp.metric/1, bp.state/1, bp.trace/1, bp.registry/1

  /// By name the answer always comes as an event.
  static bp_status by_name(const bp_host* host, std::string service, std::string method,
                           const bp_str* json, std::uint64_t deadline_ns, const std::uint8_t* trace,
                           std::uint64_t token, bp_call* out) {
    fake_host& self = of(host);
    const lock hold(self.busy_);
    *out = self.next_handle();
    const bp_call handle = *out;
    const auto at_once = ask(self, {handle, std::move(service), 0, std::move(method), text(json),
                                    deadline_ns, token, trace_at(trace)});
    if (at_once) {
      self.open_calls_.push_back({handle, {}, 0, {}, {}, 0, token, std::nullopt});
      *at_once ? self.reply(handle, **at_once) : self.reply_error(handle, at_once->error());
    }
    return BP_OK;
  }

  static bp_status BP_CALL json_publish(const bp_host* host, bp_inst /*instance*/,
                                        const bp_str* channel, const bp_str* json,
                                        const std::uint8_t* trace, std::uint64_t token,
                                        bp_call* out, bp_error* why) {
    if (!of(host).offered_.contains(text(channel))) {
      return refuse(why, BP_E_NOT_FOUND, "no channel '" + text(channel) + "'");
    }
    return by_name(host, text(channel), "", json, 0, trace, token, out);
  }

  static bp_status BP_CALL json_call(const bp_host* host, bp_inst /*instance*/,
                                     const bp_str* service, const bp_str* method,
                                     const bp_str* json, std::uint64_t deadline_ns,
                                     const std::uint8_t* trace, std::uint64_t token, bp_call* out,
                                     bp_error* why) {
    if (!of(host).offered_.contains(text(service))) {
      return refuse(why, BP_E_NOT_FOUND, "no service '" + text(service) + "'");
    }
    return by_name(host, text(service), text(method), json, deadline_ns, trace, token, out);
  }

  static bp_status BP_CALL json_subscribe(const bp_host* host, bp_inst /*instance*/,
                                          const bp_str* channel, std::uint32_t flags,
                                          std::uint64_t token, bp_chan* out, bp_error* /*why*/) {
    fake_host& self = of(host);
    const lock hold(self.busy_);
    *out = self.next_handle();
    self.ends_.push_back(
        {*out, text(channel), BP_DIR_RECEIVE, BP_KIND_BROADCAST, "json", flags, 0, token});
    return BP_OK;
  }

  static bp_status BP_CALL define(const bp_host* host, bp_inst /*instance*/,
                                  const bp_metric_desc* desc, bp_family* out, bp_error* /*why*/) {
    fake_host& self = of(host);
    const lock hold(self.busy_);
    for (const auto& [handle, family] : self.families_) {
      if (family.name == text(&desc->name)) {
        *out = handle;
        return BP_OK;
      }
    }
    *out = self.next_handle();
    self.families_[*out] = {text(&desc->name), desc->kind, {}, {}, {}};
    return BP_OK;
  }

  static bp_status BP_CALL bind(const bp_host* host, bp_inst /*instance*/, bp_family handle,
                                const bp_str* /*values*/, std::uint32_t /*n_values*/,
                                bp_metric_cell** out) {
    fake_host& self = of(host);
    const lock hold(self.busy_);
    const auto found = self.families_.find(handle);
    if (found == self.families_.end()) {
      return BP_E_STALE;
    }
    auto cell = std::make_unique<bp_metric_cell>();
    auto buckets = std::make_unique<std::vector<std::uint64_t>>(64);
    *cell = {0, 0, 0, buckets->data(), 0, 52, 64, found->second.kind, 0};
    *out = cell.get();
    found->second.cells.push_back(std::move(cell));
    found->second.buckets.push_back(std::move(buckets));
    return BP_OK;
  }

  static bp_status BP_CALL keep_exemplar(const bp_host* host, bp_inst /*instance*/,
                                         const bp_metric_cell* cell, double value,
                                         const std::uint8_t* trace) {
    fake_host& self = of(host);
    const lock hold(self.busy_);
    for (auto& [handle, family] : self.families_) {
      for (const auto& own : family.cells) {
        if (own.get() == cell) {
          exemplar& kept = family.exemplars.emplace_back();
          kept.value = value;
          std::memcpy(kept.trace.data(), trace, kept.trace.size());
          return BP_OK;
        }
      }
    }
    return BP_E_STALE;
  }

  static bp_status BP_CALL snapshot(const bp_host* host, bp_inst /*instance*/, bp_buf* out) {
    const lock hold(of(host).busy_);
    *out = one_snapshot(of(host),
                        of(host).snapshots_.empty() ? std::string() : of(host).snapshots_.front());
    return BP_OK;
  }

  static bp_status BP_CALL snapshot_parts(const bp_host* host, bp_inst /*instance*/,
                                          std::uint32_t shape, bp_buf* out, std::uint32_t max,
                                          std::uint32_t* count) {
    const lock hold(of(host).busy_);
    of(host).known_shape_ = shape;
    const std::size_t parts = std::max<std::size_t>(of(host).snapshots_.size(), 1);
    if (parts > max) {
      return BP_E_TOO_LARGE;
    }
    for (std::size_t i = 0; i < parts; ++i) {
      out[i] = one_snapshot(
          of(host), i < of(host).snapshots_.size() ? of(host).snapshots_[i] : std::string());
    }
    *count = static_cast<std::uint32_t>(parts);
    return BP_OK;
  }

  /// Of nothing when `bytes` is empty.
  static bp_buf one_snapshot(fake_host& self, const std::string& bytes) {
    bp_metric_snapshot empty{};
    empty.struct_size = sizeof(empty);
    const bool given = !bytes.empty();
    bp_buf lent = self.leases_.lend(given ? bytes.size() : sizeof(empty));
    std::memcpy(lent.data, given ? static_cast<const void*>(bytes.data()) : &empty, lent.size);
    return lent;
  }

  static bp_status BP_CALL put(const bp_host* host, bp_op /*op*/, const bp_str* key,
                               std::uint32_t /*flags*/, const void* data, std::uint64_t size) {
    const lock hold(of(host).busy_);
    of(host).saving_[text(key)] =
        size == 0 ? std::string() : std::string(static_cast<const char*>(data), size);
    return BP_OK;
  }

  static bp_status BP_CALL get(const bp_host* host, bp_op /*op*/, const bp_str* key, bp_str* out) {
    const lock hold(of(host).busy_);
    const auto found = of(host).saved_.find(text(key));
    if (found == of(host).saved_.end()) {
      return BP_E_NOT_FOUND;
    }
    *out = {found->second.data(), found->second.size()};
    return BP_OK;
  }

  static bp_status BP_CALL begin_span(const bp_host* host, bp_inst /*instance*/, const bp_str* name,
                                      const std::uint8_t* /*parent*/, const bp_str* /*pairs*/,
                                      std::uint32_t /*n_pairs*/, bp_span* out,
                                      std::uint8_t* context) {
    const lock hold(of(host).busy_);
    *out = of(host).next_handle();
    std::memset(context, 1, BP_TRACE_CONTEXT_BYTES);
    of(host).spans_.push_back(text(name));
    return BP_OK;
  }

  static bp_status BP_CALL set_span(const bp_host* /*host*/, bp_span /*span*/,
                                    const bp_str* /*pairs*/, std::uint32_t /*n_pairs*/) {
    return BP_OK;
  }

  static bp_status BP_CALL end_span(const bp_host* /*host*/, bp_span /*span*/,
                                    bp_status /*status*/) {
    return BP_OK;
  }

  static bp_status BP_CALL watch(const bp_host* host, bp_inst /*instance*/, std::uint32_t kinds,
                                 const bp_str* pattern, std::uint64_t token, bp_watch* out,
                                 bp_error* why) {
    constexpr std::uint32_t known = BP_REGISTRY_CHANNEL | BP_REGISTRY_SERVICE;
    if ((kinds & ~known) != 0) {
      return refuse(why, BP_E_TOO_NEW, "unknown kinds of names");
    }
    if (kinds == 0 || text(pattern).empty()) {
      return refuse(why, BP_E_INVALID, "a watch needs kinds and a pattern");
    }
    fake_host& self = of(host);
    const lock hold(self.busy_);
    if (self.registry_.open() >= BP_REGISTRY_WATCHES_MAX) {
      return refuse(why, BP_E_BUSY, "too many watches");
    }
    *out = self.next_handle();
    std::vector<fake_registry::news> told;
    self.registry_.watch(*out, kinds, text(pattern), token, told);
    self.push(std::move(told));
    return BP_OK;
  }

  static bp_status BP_CALL unwatch(const bp_host* host, bp_watch watch) {
    const lock hold(of(host).busy_);
    return of(host).registry_.unwatch(watch) ? BP_OK : BP_E_STALE;
  }
};

}  // namespace bp::testing
