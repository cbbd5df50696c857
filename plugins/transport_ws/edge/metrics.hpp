// plugins/transport_ws/edge/metrics.hpp - the engine's counts become metric families of the host.
#pragma once

#include "backplane/cpp/plugin.hpp"

#include "session/counters.hpp"

namespace transport_ws::edge {

/// Lets the counts of one io thread live in cells of the host. Before that thread runs. A host
/// without metrics, or one that refuses a family, leaves the counts at home. Thread: strand.
void bind_metrics(const bp::detail::engine& of, session::Counters& counters);

}  // namespace transport_ws::edge
