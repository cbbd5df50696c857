// host/admin/api.hpp - what the control socket answers: health, plugins, channels, services,
// events, publish, call, tap.
//
// Owns: nothing. Thread: the control thread. Errors: {"code","message","context"} with the table's
// HTTP status.
#pragma once

#include <functional>
#include <string>

#include "host/admin/http_server.hpp"
#include "host/exchange/exchange.hpp"
#include "host/log/sink.hpp"
#include "host/metric/registry.hpp"
#include "host/supervisor/supervisor.hpp"

namespace host::admin {

struct Backend {
  exchange::Exchange& exchange;
  supervisor::Supervisor& supervisor;
  metric::Registry& metrics;
  log::Sink& sink;
  std::string version;
  std::string host_name;
  std::string manifest;
  std::function<bool()> ready;
  std::function<void()> shutdown;
};

// The handler of an HttpServer; `backend` outlives it.
[[nodiscard]] Handler make_api(Backend& backend);

}  // namespace host::admin
