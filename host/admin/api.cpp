// host/admin/api.cpp - one function a route; the table at the end is the whole interface.
#include "host/admin/api.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "host/admin/events.hpp"
#include "host/admin/query.hpp"
#include "host/admin/tap.hpp"
#include "host/admin/time_text.hpp"
#include "host/name/nearest.hpp"
#include "host/registry/registry.hpp"
#include "host/service/service.hpp"

namespace host::admin {

namespace {

using error::json_quoted;
using Answer = std::shared_ptr<Responder>;

constexpr std::uint64_t timeout_ms_max = 24ULL * 60 * 60 * 1'000;

void refuse(const Answer& answer, const error::Error& error) {
  answer->reply(
      {static_cast<unsigned>(error::status_row(error.code()).http_status), error.json() + "\n"});
}

std::string plugin_json(const supervisor::Status& status) {
  return fmt::format(
      R"({{"id":{},"plugin":{},"version":{},"library":{},"state":{},"reason":{},"since":{},"restarts":{},"events":{},"required":{},"notice":{}}})",
      json_quoted(status.id), json_quoted(status.plugin), json_quoted(status.version),
      json_quoted(status.library), json_quoted(supervisor::state_name(status.state)),
      json_quoted(status.reason), json_quoted(time_text(status.since_unix_ms)), status.restarts,
      status.events, status.required, json_quoted(status.notice));
}

template <typename Range, typename Print>
std::string list_json(const Range& range, Print print) {
  std::string out = "[";
  for (const auto& item : range) {
    out += (out.size() > 1 ? "," : "") + print(item);
  }
  return out + "]";
}

void livez(Backend& /*backend*/, Request&& /*request*/, const Answer& answer) {
  answer->reply({200, "{\"status\":\"alive\"}\n"});
}

void readyz(Backend& backend, Request&& /*request*/, const Answer& answer) {
  const bool ready = backend.ready();
  const auto statuses = backend.supervisor.statuses();
  answer->reply(
      {ready ? 200U : 503U,
       fmt::format("{{\"status\":{},\"plugins\":{}}}\n", json_quoted(ready ? "ready" : "not ready"),
                   list_json(statuses, [](const supervisor::Status& status) {
                     return fmt::format(
                         R"({{"id":{},"state":{},"required":{}}})", json_quoted(status.id),
                         json_quoted(supervisor::state_name(status.state)), status.required);
                   }))});
}

void info(Backend& backend, Request&& /*request*/, const Answer& answer) {
  answer->reply(
      {200, fmt::format("{{\"version\":{},\"abi\":{},\"name\":{},\"manifest\":{},\"ready\":{}}}\n",
                        json_quoted(backend.version), json_quoted(BP_ABI_TEXT),
                        json_quoted(backend.host_name), json_quoted(backend.manifest),
                        backend.ready())});
}

void plugins(Backend& backend, Request&& /*request*/, const Answer& answer) {
  answer->reply({200, list_json(backend.supervisor.statuses(), plugin_json) + "\n"});
}

void channels(Backend& backend, Request&& /*request*/, const Answer& answer) {
  answer->reply(
      {200,
       list_json(backend.exchange.registry().channels(), [](const registry::ChannelEntry& entry) {
         const channel::Settings& settings = entry.channel->settings();
         const channel::Stats stats = entry.channel->stats();
         return fmt::format(
             R"({{"name":{},"kind":{},"type":{},"capacity":{},"depth":{},"senders":{},"receivers":{},"published":{},"delivered":{},"dropped":{},"lagged":{},"redelivered":{},"dead_lettered":{}}})",
             json_quoted(settings.name),
             json_quoted(settings.kind == BP_KIND_QUEUE ? "queue" : "broadcast"),
             json_quoted(settings.type), settings.capacity, stats.depth, stats.senders,
             stats.receivers, stats.published, stats.delivered,
             stats.dropped_newest + stats.dropped_oldest, stats.lagged, stats.redelivered,
             stats.dead_lettered);
       }) + "\n"});
}

void services(Backend& backend, Request&& /*request*/, const Answer& answer) {
  answer->reply(
      {200,
       list_json(backend.exchange.registry().services(), [](const registry::ServiceEntry& entry) {
         const auto& description = entry.service->description();
         return fmt::format(
             R"({{"name":{},"major":{},"minor":{},"owner":{},"methods":{}}})",
             json_quoted(description.name), description.major, description.minor,
             json_quoted(description.owner),
             list_json(description.methods, [&](const service::Method& method) {
               const service::Service::Counts counts = entry.service->counts(method);
               const service::Limit* limit = entry.service->limit(method);
               const auto load = limit == nullptr ? service::Limit::Load{} : limit->load();
               const std::string limits =
                   limit == nullptr
                       ? ""
                       : fmt::format(R"(,"concurrency":{},"queue":{},"working":{},"waiting":{})",
                                     limit->concurrency(), limit->queue(), load.working,
                                     load.waiting);
               return fmt::format(
                   R"({{"name":{},"id":{},"inline":{},"request":{},"reply":{},"calls":{},"failures":{},"busy":{}{}}})",
                   json_quoted(method.name), method.id, (method.flags & BP_METHOD_INLINE) != 0,
                   json_quoted(method.request_type), json_quoted(method.reply_type), counts.calls,
                   counts.failures, counts.busy, limits);
             }));
       }) + "\n"});
}

// POST /v1/channels/{name}/publish
void publish(Backend& backend, const std::string& channel, const Request& request,
             const Answer& answer) {
  auto taken = backend.exchange.publish(channel, request.body, nullptr,
                                        [answer](const std::optional<error::Error>& failure) {
                                          if (failure) {
                                            refuse(answer, *failure);
                                          } else {
                                            answer->reply({200, "{\"status\":\"acknowledged\"}\n"});
                                          }
                                        });
  if (!taken) {
    refuse(answer, taken.error());
  }
}

// GET /v1/channels/{name}/tap?count=N (tap observes a broadcast; sub may consume a queue)
void tap(Backend& backend, const std::string& channel, const Request& request,
         const Answer& answer) {
  auto entry = backend.exchange.registry().find_channel(channel);
  if (!entry) {
    refuse(answer, entry.error());
    return;
  }
  const auto consume = flag_in(request, "consume");
  const auto count = number_in(request, "count", {0, UINT64_MAX}, 0);
  if (!consume || !count) {
    refuse(answer, consume ? count.error() : consume.error());
    return;
  }
  if (entry->channel->settings().kind == BP_KIND_QUEUE && !*consume) {
    refuse(answer,
           error::Error(
               BP_E_INVALID,
               "'" + channel +
                   "' is a queue: each message goes to one consumer, so watching would take it "
                   "away; fix: use `backplane sub` to consume on purpose"));
    return;
  }
  if (!Tap::open(*entry, backend.exchange.runtime(), *count, answer)) {
    refuse(answer, error::Error(BP_E_NOT_FOUND, "channel '" + channel + "' just went"));
  }
}

// GET /v1/events?match=GLOB&count=N&existing=1
void events(Backend& backend, Request&& request, const Answer& answer) {
  const auto existing = flag_in(request, "existing");
  const auto count = number_in(request, "count", {0, UINT64_MAX}, 0);
  if (!existing || !count) {
    refuse(answer, existing ? count.error() : existing.error());
    return;
  }
  const auto match = request.query.find("match");
  const auto opened =
      Events::open({backend.exchange.registry(), backend.supervisor, backend.exchange.runtime()},
                   {match == request.query.end() ? "*" : match->second, *count, *existing}, answer);
  if (!opened) {
    refuse(answer, opened.error());
  }
}

// POST /v1/services/{name}/{major}/{method}?timeout_ms=N; without a method the answer tells which
// there are.
void call(Backend& backend, const std::vector<std::string>& parts, const Request& request,
          const Answer& answer) {
  const auto timeout_ms = number_in(request, "timeout_ms", {1, timeout_ms_max}, 0);
  if (!timeout_ms) {
    refuse(answer, timeout_ms.error());
    return;
  }
  const std::uint64_t deadline = *timeout_ms == 0 ? 0 : runtime::now_ns() + *timeout_ms * 1'000'000;
  const std::string service = parts[2] + "/" + parts[3];
  const std::string method = parts.size() > 4 ? parts[4] : "";
  auto called = backend.exchange.call({service, method, request.body, deadline},
                                      [answer](error::Result<std::string> reply) {
                                        if (reply) {
                                          answer->reply({200, std::move(*reply) + "\n"});
                                        } else {
                                          refuse(answer, reply.error());
                                        }
                                      });
  if (!called) {
    refuse(answer, called.error());
  }
}

// POST /v1/plugins/{id}/restart|start|stop|clear-quarantine
void plugin_verb(Backend& backend, const std::string& id, const std::string& verb,
                 const Answer& answer) {
  const auto done = [answer, &backend, id](const std::optional<error::Error>& error) {
    if (error) {
      refuse(answer, *error);
      return;
    }
    const auto statuses = backend.supervisor.statuses();
    const auto found = std::ranges::find(statuses, id, &supervisor::Status::id);
    const std::string notice = found == statuses.end() ? "" : found->notice;
    answer->reply({200, notice.empty()
                            ? "{\"status\":\"done\"}\n"
                            : "{\"status\":\"done\",\"notice\":" + json_quoted(notice) + "}\n"});
  };
  if (verb == "restart") {
    backend.supervisor.restart(id, done);
  } else if (verb == "start") {
    backend.supervisor.start_one(id, done);
  } else if (verb == "stop") {
    backend.supervisor.stop_one(id, done);
  } else if (verb == "clear-quarantine") {
    backend.supervisor.clear_quarantine(id, done);
  } else {
    refuse(answer,
           error::Error(BP_E_NOT_FOUND, "no verb '" + verb +
                                            "'; there are restart, start, stop, clear-quarantine"));
  }
}

// Whose level can be changed: an instance, the host's own lines, the wires, or the part of such a
// name before a dot.
error::Result<void> check_log_name(const Backend& backend, const std::string& name) {
  std::vector<std::string> names{"host", "wire"};
  for (const supervisor::Status& status : backend.supervisor.statuses()) {
    names.push_back(status.id);
  }
  const bool known = std::ranges::any_of(names, [&](const std::string& each) {
    return each == name || (!name.empty() && each.starts_with(name + "."));
  });
  if (!known) {
    return error::fail(BP_E_NOT_FOUND, "no plugin '" + name +
                                           "' has a log level, nor is it 'host' or 'wire'" +
                                           name::hint(name, names));
  }
  return {};
}

// POST /v1/log-level?level=debug&name=storage
void log_level(Backend& backend, const Request& request, const Answer& answer) {
  const auto level_text = request.query.find("level");
  const auto name = request.query.find("name");
  auto level = log::parse_level(level_text == request.query.end() ? "" : level_text->second);
  if (!level) {
    refuse(answer, error::Error(BP_E_INVALID, "the parameter 'level': " + level.error().message()));
    return;
  }
  if (name != request.query.end()) {
    if (auto known = check_log_name(backend, name->second); !known) {
      refuse(answer, known.error());
      return;
    }
  }
  backend.sink.set_level(name == request.query.end() ? "" : name->second, *level);
  answer->reply({200, "{\"status\":\"done\"}\n"});
}

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    parts.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return parts;
}

using Read = void (*)(Backend&, Request&&, const Answer&);

constexpr std::pair<std::string_view, Read> reads[] = {
    {"/livez", livez},        {"/readyz", readyz},        {"/v1/info", info},
    {"/v1/plugins", plugins}, {"/v1/channels", channels}, {"/v1/services", services},
};

void no_route(const Request& request, const Answer& answer) {
  refuse(answer, error::Error(BP_E_NOT_FOUND, "no route " + request.method + " " + request.path));
}

// False: `request` was refused.
bool query_fits(const Request& request, std::span<const Parameter> known, const Answer& answer) {
  const auto checked = check_query(request, known);
  if (!checked) {
    refuse(answer, checked.error());
  }
  return checked.has_value();
}

constexpr Parameter tap_parameters[] = {{"count", "messages, 0 for no end"},
                                        {"consume", "1 to take a queue's messages away"}};
constexpr Parameter event_parameters[] = {{"match", "a pattern of names with * and ?"},
                                          {"count", "events, 0 for no end"},
                                          {"existing", "1 to begin with what is there"}};
constexpr Parameter call_parameters[] = {{"timeout_ms", "milliseconds"}};
constexpr Parameter level_parameters[] = {{"level", "trace, debug, info, warn, error or off"},
                                          {"name", "a plugin's id, host or wire"}};

void route_get(Backend& backend, Request&& request, const std::vector<std::string>& parts,
               const Answer& answer) {
  for (const auto& [path, read] : reads) {
    if (request.path == path) {
      if (query_fits(request, {}, answer)) {
        read(backend, std::move(request), answer);
      }
      return;
    }
  }
  if (request.path == "/v1/events") {
    if (query_fits(request, event_parameters, answer)) {
      events(backend, std::move(request), answer);
    }
    return;
  }
  if (parts.size() == 4 && parts[0] == "v1" && parts[1] == "channels" && parts[3] == "tap") {
    if (query_fits(request, tap_parameters, answer)) {
      tap(backend, parts[2], request, answer);
    }
    return;
  }
  no_route(request, answer);
}

void route_post(Backend& backend, const Request& request, const std::vector<std::string>& parts,
                const Answer& answer) {
  const bool calling = parts[1] == "services" && (parts.size() == 4 || parts.size() == 5);
  const bool leveling = request.path == "/v1/log-level";
  std::span<const Parameter> known;
  if (calling) {
    known = call_parameters;
  } else if (leveling) {
    known = level_parameters;
  }
  if (!query_fits(request, known, answer)) {
    return;
  }
  if (parts.size() == 4 && parts[1] == "channels" && parts[3] == "publish") {
    publish(backend, parts[2], request, answer);
  } else if (calling) {
    call(backend, parts, request, answer);
  } else if (parts.size() == 4 && parts[1] == "plugins") {
    plugin_verb(backend, parts[2], parts[3], answer);
  } else if (leveling) {
    log_level(backend, request, answer);
  } else if (request.path == "/v1/shutdown") {
    answer->reply({202, "{\"status\":\"stopping\"}\n"});
    backend.shutdown();
  } else {
    no_route(request, answer);
  }
}

}  // namespace

Handler make_api(Backend& backend) {
  return [&backend](Request&& request, const Answer& answer) {
    const std::vector<std::string> parts = split(request.path);
    if (request.method == "POST" && parts.size() >= 2 && parts[0] == "v1") {
      route_post(backend, request, parts, answer);
    } else if (request.method == "GET") {
      route_get(backend, std::move(request), parts, answer);
    } else {
      refuse(answer, error::Error(BP_E_UNSUPPORTED, "method " + request.method +
                                                        "; reads are GET, changes are POST"));
    }
  };
}

}  // namespace host::admin
