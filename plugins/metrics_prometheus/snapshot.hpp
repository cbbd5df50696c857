// plugins/metrics_prometheus/snapshot.hpp - reads the host's bp_metric_snapshot without trusting
// it.
#pragma once

#include <vector>

#include "backplane/cpp/bytes.hpp"
#include "backplane/cpp/error.hpp"

#include "family.hpp"

namespace metrics_prometheus {

// The families point into `bytes`. CORRUPT: an offset or a count leads outside.
[[nodiscard]] bp::result<std::vector<Family>> read_snapshot(bp::bytes_view bytes);

}  // namespace metrics_prometheus
