// host/daemon/series.cpp - counters kept by the rooms, as families for exporters.
#include "host/daemon/series.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <utility>

#include "host/channel/channel.hpp"
#include "host/metric/durations.hpp"
#include "host/service/service.hpp"

namespace host::daemon {

namespace {

using metric::Family;
using metric::family_of;
using metric::Kind;

constexpr double ns_per_s = 1e9;
constexpr double ms_per_s = 1e3;

double number(std::uint64_t count) {
  return static_cast<double>(count);
}

Family in_unit(std::string unit, Family family) {
  family.unit = std::move(unit);
  return family;
}

void move_to(std::vector<Family>& families, std::span<Family* const> made) {
  for (Family* family : made) {
    families.push_back(std::move(*family));
  }
}

// `places` has one more than `bounds`, for what is above them.
metric::Series histogram_of(std::vector<std::string> labels, std::span<const std::uint64_t> bounds,
                            std::span<const std::uint64_t> places, std::uint64_t sum_ns,
                            std::uint64_t created_unix_ns) {
  metric::Series series;
  series.created_unix_ns = created_unix_ns;
  series.label_values = std::move(labels);
  for (std::size_t i = 0; i < places.size(); ++i) {
    series.count += places[i];
    const double upper =
        i < bounds.size() ? number(bounds[i]) / ns_per_s : std::numeric_limits<double>::infinity();
    series.buckets.push_back({upper, series.count});
  }
  series.sum = number(sum_ns) / ns_per_s;
  return series;
}

metric::Series histogram_of(std::vector<std::string> labels, const metric::DurationCounts& counts,
                            std::uint64_t created_unix_ns) {
  return histogram_of(std::move(labels), metric::duration_bounds_ns, counts.places, counts.sum_ns,
                      created_unix_ns);
}

void append_channels(const registry::Registry& registry, std::vector<Family>& families) {
  Family published =
      family_of(Kind::Counter, "backplane_channel_published", "Messages accepted", {"channel"});
  Family delivered = family_of(Kind::Counter, "backplane_channel_delivered",
                               "Messages handed to a consumer", {"channel"});
  Family dropped = family_of(Kind::Counter, "backplane_channel_dropped",
                             "Messages given up, and why", {"channel", "reason"});
  Family depth =
      family_of(Kind::Gauge, "backplane_channel_queue_depth",
                "Messages that wait now for the slowest group or subscriber", {"channel"});
  Family capacity = family_of(Kind::Gauge, "backplane_channel_queue_limit",
                              "How many messages of all open sending ends may wait", {"channel"});
  Family acknowledged = family_of(Kind::Counter, "backplane_channel_acknowledged",
                                  "Messages that a consumer has done with", {"channel"});
  Family redelivered = family_of(Kind::Counter, "backplane_channel_redelivered",
                                 "Messages that came back and were delivered again", {"channel"});
  Family ends = family_of(Kind::Gauge, "backplane_channel_ends", "Open ends of the channel",
                          {"channel", "direction"});
  for (const registry::ChannelEntry& entry : registry.channels()) {
    const channel::Settings& settings = entry.channel->settings();
    const std::string& name = settings.name;
    const channel::Stats stats = entry.channel->stats();
    const std::uint64_t created = entry.channel->created_unix_ns();
    published.add({name}, number(stats.published), created);
    delivered.add({name}, number(stats.delivered), created);
    depth.add({name}, number(stats.depth));
    capacity.add({name}, number(settings.capacity) * number(stats.senders));
    acknowledged.add({name}, number(stats.acknowledged), created);
    redelivered.add({name}, number(stats.redelivered), created);
    ends.add({name, "receive"}, number(stats.receivers));
    ends.add({name, "send"}, number(stats.senders));
    dropped.add({name, "newest"}, number(stats.dropped_newest), created);
    dropped.add({name, "oldest"}, number(stats.dropped_oldest), created);
    dropped.add({name, "lagged"}, number(stats.lagged), created);
    dropped.add({name, "rejected"}, number(stats.rejected), created);
    dropped.add({name, "dead_letter"}, number(stats.dead_lettered), created);
  }
  move_to(families, std::to_array({&published, &delivered, &dropped, &depth, &capacity,
                                   &acknowledged, &redelivered, &ends}));
}

metric::Series latency_of(const service::Stats& stats, std::vector<std::string> labels,
                          std::uint64_t created_unix_ns) {
  std::array<std::uint64_t, std::tuple_size_v<decltype(stats.latency)>> places{};
  for (std::size_t i = 0; i < places.size(); ++i) {
    places[i] = stats.latency[i].load(std::memory_order_relaxed);
  }
  metric::Series series =
      histogram_of(std::move(labels), service::latency_bounds_ns, places,
                   stats.latency_sum_ns.load(std::memory_order_relaxed), created_unix_ns);
  series.exemplars = stats.exemplars();
  return series;
}

void append_services(const registry::Registry& registry, std::vector<Family>& families) {
  Family calls = family_of(Kind::Counter, "backplane_service_calls", "Calls made",
                           {"service", "method", "status"});
  Family failures = family_of(Kind::Counter, "backplane_service_failures",
                              "Calls that failed or were refused, by the code of the error",
                              {"service", "method", "code"});
  Family open = family_of(Kind::Gauge, "backplane_service_calls_in_flight",
                          "Calls that wait or are worked on now; of methods that are not inline",
                          {"service", "method"});
  Family latency = in_unit("seconds", family_of(Kind::Histogram, "backplane_service_call_seconds",
                                                "From call to answer; inline methods are not timed",
                                                {"service", "method"}));
  for (const registry::ServiceEntry& entry : registry.services()) {
    const auto& description = entry.service->description();
    const std::string name = description.name + "/" + std::to_string(description.major);
    const std::uint64_t created = entry.service->created_unix_ns();
    for (const service::Method& method : description.methods) {
      const service::Stats& stats = entry.service->stats(method);
      // Read one after the other while calls go on: none of the differences may wrap.
      const auto [all, failed, busy, in_flight] = entry.service->counts(method);
      calls.add({name, method.name, "ok"}, number(all - std::min(all, failed)), created);
      calls.add({name, method.name, "failed"}, number(failed - std::min(failed, busy)), created);
      calls.add({name, method.name, "busy"}, number(busy), created);
      for (const auto& [code, count] : stats.codes()) {
        failures.add({name, method.name, std::string(error::status_row(code).name)}, number(count));
      }
      if ((method.flags & BP_METHOD_INLINE) == 0) {
        open.add({name, method.name}, number(in_flight));
        latency.series.push_back(latency_of(stats, {name, method.name}, created));
      }
    }
  }
  move_to(families, std::to_array({&calls, &failures, &open, &latency}));
}

// What is counted over all lives of an instance began with the host.
void append_lives(const std::vector<supervisor::Status>& statuses, std::uint64_t began,
                  std::vector<Family>& families) {
  Family info = family_of(Kind::Info, "backplane_plugin", "What the instance is",
                          {"plugin", "id", "version"});
  Family state = family_of(Kind::Gauge, "backplane_plugin_state",
                           "1 for the state the instance is in", {"plugin", "state"});
  Family since =
      in_unit("seconds", family_of(Kind::Gauge, "backplane_plugin_state_since_seconds",
                                   "Unix time at which it came into that state", {"plugin"}));
  Family starts = family_of(Kind::Counter, "backplane_plugin_starts",
                            "Lives that began, the first one included", {"plugin"});
  Family restarts = family_of(Kind::Counter, "backplane_plugin_restarts",
                              "Restarts by the supervisor", {"plugin"});
  Family faults =
      family_of(Kind::Counter, "backplane_plugin_faults",
                "Handlers that threw, and faults that the instance reported", {"plugin"});
  for (const supervisor::Status& status : statuses) {
    info.add({status.id, status.plugin, status.version}, 1);
    state.add({status.id, std::string(supervisor::state_name(status.state))}, 1);
    since.add({status.id}, static_cast<double>(status.since_unix_ms) / ms_per_s);
    starts.add({status.id}, number(status.starts), began);
    restarts.add({status.id}, number(status.restarts), began);
    faults.add({status.id}, number(status.faults), began);
  }
  move_to(families, std::to_array({&info, &state, &since, &starts, &restarts, &faults}));
}

void append_turns(const std::vector<supervisor::Status>& statuses,
                  const std::map<std::string, std::uint64_t>& overran, std::uint64_t began,
                  std::vector<Family>& families) {
  Family events = family_of(Kind::Counter, "backplane_plugin_events",
                            "Events given to the instance", {"plugin"});
  Family batches = family_of(Kind::Counter, "backplane_plugin_batches",
                             "Turns in which the instance was given its events", {"plugin"});
  Family turns =
      in_unit("seconds", family_of(Kind::Histogram, "backplane_plugin_turn_seconds",
                                   "Time on the clock of the turns that ended", {"plugin"}));
  Family waiting =
      family_of(Kind::Gauge, "backplane_plugin_queue_depth",
                "Events that wait for the next turn, messages of channels not counted", {"plugin"});
  Family held = family_of(Kind::Gauge, "backplane_plugin_held",
                          "What the instance holds of the host; calls_to_answer are in its hands",
                          {"plugin", "what"});
  Family overruns = family_of(Kind::Counter, "backplane_handler_overruns",
                              "Handlers that ran beyond the watchdog's deadline", {"plugin"});
  for (const supervisor::Status& status : statuses) {
    events.add({status.id}, number(status.events), began);
    batches.add({status.id}, number(status.turns.count()), began);
    turns.series.push_back(histogram_of({status.id}, status.turns, began));
    waiting.add({status.id}, number(status.waiting));
    const slot::Holdings& holds = status.holds;
    held.add({status.id, "channel_ends"}, number(holds.channel_ends));
    held.add({status.id, "services"}, number(holds.services));
    held.add({status.id, "calls_made"}, number(holds.calls_made));
    held.add({status.id, "calls_to_answer"}, number(holds.calls_to_answer));
    held.add({status.id, "timers"}, number(holds.timers));
    held.add({status.id, "leases"}, number(holds.leases));
    held.add({status.id, "jobs"}, number(holds.jobs));
    // Each plugin's is there from the beginning, so that the first one is seen as a rise.
    overruns.add({status.id}, 0, began);
  }
  for (const auto& [plugin, count] : overran) {
    overruns.add({plugin}, number(count), began);
  }
  move_to(families, std::to_array({&events, &batches, &turns, &waiting, &held, &overruns}));
}

void append_wires(const std::vector<std::shared_ptr<wire::Wire>>& wires, std::uint64_t began,
                  std::vector<Family>& families) {
  Family messages = family_of(Kind::Counter, "backplane_wire_messages",
                              "Messages that a wire finished", {"wire", "result"});
  Family open = family_of(Kind::Gauge, "backplane_wire_in_flight",
                          "Messages that are on their way through the wire now", {"wire"});
  Family times =
      in_unit("seconds", family_of(Kind::Histogram, "backplane_wire_seconds",
                                   "From taking a message to its last step; of those that are done",
                                   {"wire"}));
  for (const std::shared_ptr<wire::Wire>& wire : wires) {
    const std::string& name = wire->name();
    const wire::Counts& counts = wire->counts();
    const std::uint64_t done = counts.done.load(std::memory_order_acquire);
    const std::uint64_t failed = counts.failed.load(std::memory_order_acquire);
    const std::uint64_t retried = counts.retried.load(std::memory_order_acquire);
    // Read last: those that end meanwhile are open a moment longer, and nothing wraps.
    const std::uint64_t taken = counts.taken.load(std::memory_order_relaxed);
    messages.add({name, "done"}, number(done), began);
    messages.add({name, "failed"}, number(failed), began);
    messages.add({name, "retried"}, number(retried), began);
    open.add({name}, number(taken - std::min(taken, done + failed + retried)));
    times.series.push_back(histogram_of({name}, counts.times.counts(), began));
  }
  move_to(families, std::to_array({&messages, &open, &times}));
}

void append_memory(const message::Pool& pool, std::vector<Family>& families) {
  Family used = in_unit("bytes", family_of(Kind::Gauge, "backplane_message_memory_bytes",
                                           "Memory of messages, requests and replies in use", {}));
  Family kept =
      in_unit("bytes", family_of(Kind::Gauge, "backplane_message_memory_kept_bytes",
                                 "Memory of messages that are gone, kept for new ones", {}));
  Family limit = in_unit("bytes", family_of(Kind::Gauge, "backplane_message_memory_limit_bytes",
                                            "How much may be in use", {}));
  used.add({}, number(pool.bytes_in_use()));
  kept.add({}, number(pool.bytes_kept()));
  limit.add({}, number(pool.bytes_max()));
  move_to(families, std::to_array({&used, &kept, &limit}));
}

void append_threads(const runtime::Runtime::Load& load, std::vector<Family>& families) {
  Family threads =
      family_of(Kind::Gauge, "backplane_threads",
                "Threads that run plugins' code, and what they do now", {"pool", "state"});
  Family jobs = family_of(Kind::Gauge, "backplane_blocking_jobs_waiting",
                          "Jobs that wait for a thread of the blocking pool", {});
  Family timers = family_of(Kind::Gauge, "backplane_timers", "Timers that wait", {});
  const auto add = [&](const char* pool, unsigned all, unsigned busy) {
    threads.add({pool, "busy"}, busy);
    threads.add({pool, "idle"}, all - std::min(all, busy));
  };
  add("worker", load.workers.threads, load.workers.running);
  add("blocking", load.blocking.threads, load.blocking.busy);
  jobs.add({}, number(load.blocking.waiting));
  timers.add({}, number(load.timers));
  move_to(families, std::to_array({&threads, &jobs, &timers}));
}

}  // namespace

void append_host_series(const SeriesSources& sources, std::vector<Family>& families) {
  append_channels(sources.registry, families);
  append_services(sources.registry, families);
  const std::vector<supervisor::Status> statuses = sources.statuses();
  append_lives(statuses, sources.began_unix_ns, families);
  append_turns(statuses, sources.runtime.overruns(), sources.began_unix_ns, families);
  append_wires(sources.wires(), sources.began_unix_ns, families);
  append_memory(sources.pool, families);
  append_threads(sources.runtime.load(), families);
  Family dropped =
      family_of(Kind::Counter, "backplane_log_dropped", "Log lines that could not be written", {});
  const log::Counts counts = sources.sink.counts();
  dropped.add({}, number(counts.dropped + counts.unwritten), sources.began_unix_ns);
  families.push_back(std::move(dropped));
}

}  // namespace host::daemon
