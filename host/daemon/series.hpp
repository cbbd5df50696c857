// host/daemon/series.hpp - the host's own metrics: channels, services, plugins, wires, handlers,
// log.
//
// Owns: nothing. Thread: the one that collects. Errors: none.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "host/log/sink.hpp"
#include "host/message/pool.hpp"
#include "host/metric/family.hpp"
#include "host/registry/registry.hpp"
#include "host/runtime/runtime.hpp"
#include "host/supervisor/supervisor.hpp"
#include "host/wire/wire.hpp"

namespace host::daemon {

struct SeriesSources {
  const registry::Registry& registry;
  const log::Sink& sink;
  const message::Pool& pool;
  runtime::Runtime& runtime;
  // Statuses live on the control thread: this fetches the last ones.
  std::function<std::vector<supervisor::Status>()> statuses;
  std::function<const std::vector<std::shared_ptr<wire::Wire>>&()> wires;
  std::uint64_t began_unix_ns = 0;  // when the host did, by the wall clock
};

void append_host_series(const SeriesSources& sources, std::vector<metric::Family>& families);

}  // namespace host::daemon
