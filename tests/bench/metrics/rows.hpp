// tests/bench/metrics/rows.hpp - what is promised of metrics.
#pragma once

#include <vector>

#include "tests/bench/race/rows.hpp"

namespace bench {

[[nodiscard]] std::vector<Row> metrics_rows();

}  // namespace bench
