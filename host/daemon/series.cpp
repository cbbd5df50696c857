// host/daemon/series.cpp - counters kept by the rooms, as families for exporters.
#include "host/daemon/series.hpp"

#include <limits>
#include <string>
#include <utility>

#include "host/channel/channel.hpp"
#include "host/service/service.hpp"

namespace host::daemon {

namespace {

using metric::Family;
using metric::family_of;
using metric::Kind;

double number(std::uint64_t count) {
  return static_cast<double>(count);
}

void append_channels(const registry::Registry& registry, std::vector<Family>& families) {
  Family published =
      family_of(Kind::Counter, "backplane_channel_published", "Messages accepted", {"channel"});
  Family delivered = family_of(Kind::Counter, "backplane_channel_delivered",
                               "Messages handed to a consumer", {"channel"});
  Family dropped = family_of(Kind::Counter, "backplane_channel_dropped",
                             "Messages given up, and why", {"channel", "reason"});
  Family depth =
      family_of(Kind::Gauge, "backplane_channel_queue_depth", "Messages waiting now", {"channel"});
  Family acknowledged = family_of(Kind::Counter, "backplane_channel_acknowledged",
                                  "Messages that a consumer has done with", {"channel"});
  Family redelivered = family_of(Kind::Counter, "backplane_channel_redelivered",
                                 "Messages that came back and were delivered again", {"channel"});
  Family ends = family_of(Kind::Gauge, "backplane_channel_ends", "Open ends of the channel",
                          {"channel", "direction"});
  for (const registry::ChannelEntry& entry : registry.channels()) {
    const std::string& name = entry.channel->settings().name;
    const channel::Stats stats = entry.channel->stats();
    published.add({name}, number(stats.published));
    delivered.add({name}, number(stats.delivered));
    depth.add({name}, number(stats.depth));
    acknowledged.add({name}, number(stats.acknowledged));
    redelivered.add({name}, number(stats.redelivered));
    ends.add({name, "receive"}, number(stats.receivers));
    ends.add({name, "send"}, number(stats.senders));
    dropped.add({name, "newest"}, number(stats.dropped_newest));
    dropped.add({name, "oldest"}, number(stats.dropped_oldest));
    dropped.add({name, "lagged"}, number(stats.lagged));
    dropped.add({name, "rejected"}, number(stats.rejected));
    dropped.add({name, "dead_letter"}, number(stats.dead_lettered));
  }
  for (Family* made :
       {&published, &delivered, &dropped, &depth, &acknowledged, &redelivered, &ends}) {
    families.push_back(std::move(*made));
  }
}

metric::Series latency_of(const service::Stats& stats, std::vector<std::string> labels) {
  metric::Series series;
  series.label_values = std::move(labels);
  constexpr double ns_per_s = 1e9;
  for (std::size_t i = 0; i < stats.latency.size(); ++i) {
    series.count += stats.latency.at(i).load(std::memory_order_relaxed);
    const double upper = i < service::latency_bounds_ns.size()
                             ? number(service::latency_bounds_ns.at(i)) / ns_per_s
                             : std::numeric_limits<double>::infinity();
    series.buckets.push_back({upper, series.count});
  }
  series.sum = number(stats.latency_sum_ns.load(std::memory_order_relaxed)) / ns_per_s;
  return series;
}

void append_services(const registry::Registry& registry, std::vector<Family>& families) {
  Family calls = family_of(Kind::Counter, "backplane_service_calls", "Calls made",
                           {"service", "method", "status"});
  Family latency =
      family_of(Kind::Histogram, "backplane_service_call_seconds",
                "From call to answer; inline methods are not timed", {"service", "method"});
  latency.unit = "seconds";
  for (const registry::ServiceEntry& entry : registry.services()) {
    const auto& description = entry.service->description();
    const std::string name = description.name + "/" + std::to_string(description.major);
    for (const service::Method& method : description.methods) {
      const service::Stats& stats = entry.service->stats(method);
      // Read one after the other while calls go on: none of the differences may wrap.
      const auto [all, failures, busy] = entry.service->counts(method);
      calls.add({name, method.name, "ok"}, number(all - std::min(all, failures)));
      calls.add({name, method.name, "failed"}, number(failures - std::min(failures, busy)));
      calls.add({name, method.name, "busy"}, number(busy));
      if ((method.flags & BP_METHOD_INLINE) == 0) {
        latency.series.push_back(latency_of(stats, {name, method.name}));
      }
    }
  }
  families.push_back(std::move(calls));
  families.push_back(std::move(latency));
}

void append_plugins(const std::vector<supervisor::Status>& statuses,
                    std::vector<Family>& families) {
  Family state = family_of(Kind::Gauge, "backplane_plugin_state",
                           "1 for the state the instance is in", {"plugin", "state"});
  Family restarts = family_of(Kind::Counter, "backplane_plugin_restarts",
                              "Restarts by the supervisor", {"plugin"});
  Family events = family_of(Kind::Counter, "backplane_plugin_events",
                            "Events given to the instance", {"plugin"});
  Family batches = family_of(Kind::Counter, "backplane_plugin_batches",
                             "Turns in which the instance was given its events", {"plugin"});
  Family held = family_of(Kind::Gauge, "backplane_plugin_held",
                          "What the instance holds of the host; calls_to_answer are in its hands",
                          {"plugin", "what"});
  for (const supervisor::Status& status : statuses) {
    batches.add({status.id}, number(status.batches));
    const slot::Holdings& holds = status.holds;
    held.add({status.id, "channel_ends"}, number(holds.channel_ends));
    held.add({status.id, "services"}, number(holds.services));
    held.add({status.id, "calls_made"}, number(holds.calls_made));
    held.add({status.id, "calls_to_answer"}, number(holds.calls_to_answer));
    held.add({status.id, "timers"}, number(holds.timers));
    held.add({status.id, "leases"}, number(holds.leases));
    state.add({status.id, std::string(supervisor::state_name(status.state))}, 1);
    restarts.add({status.id}, number(status.restarts));
    events.add({status.id}, number(status.events));
  }
  for (Family* made : {&state, &restarts, &events, &batches, &held}) {
    families.push_back(std::move(*made));
  }
}

}  // namespace

void append_host_series(const SeriesSources& sources, std::vector<Family>& families) {
  append_channels(sources.registry, families);
  append_services(sources.registry, families);
  append_plugins(sources.statuses(), families);
  Family wires = family_of(Kind::Counter, "backplane_wire_messages",
                           "Messages that a wire finished", {"wire", "result"});
  for (const std::shared_ptr<wire::Wire>& wire : sources.wires()) {
    wires.add({wire->name(), "done"}, number(wire->counts().done.load(std::memory_order_relaxed)));
    wires.add({wire->name(), "failed"},
              number(wire->counts().failed.load(std::memory_order_relaxed)));
    wires.add({wire->name(), "retried"},
              number(wire->counts().retried.load(std::memory_order_relaxed)));
  }
  families.push_back(std::move(wires));
  Family overruns = family_of(Kind::Counter, "backplane_handler_overruns",
                              "Handlers that ran beyond the watchdog's deadline", {"plugin"});
  // Each plugin's is there from the beginning, so that the first one is seen as a rise.
  for (const supervisor::Status& status : sources.statuses()) {
    overruns.add({status.id}, 0);
  }
  for (const auto& [plugin, count] : sources.runtime.overruns()) {
    overruns.add({plugin}, number(count));
  }
  families.push_back(std::move(overruns));
  Family memory = family_of(Kind::Gauge, "backplane_message_memory_bytes",
                            "Memory of messages, requests and replies that is in use", {});
  memory.unit = "bytes";
  memory.add({}, number(sources.pool.bytes_in_use()));
  families.push_back(std::move(memory));
  Family dropped =
      family_of(Kind::Counter, "backplane_log_dropped", "Log lines that could not be written", {});
  const log::Counts counts = sources.sink.counts();
  dropped.add({}, number(counts.dropped + counts.unwritten));
  families.push_back(std::move(dropped));
}

}  // namespace host::daemon
