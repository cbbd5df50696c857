// tests/bench/transport/rows.hpp - what is promised of transport_ws.
#pragma once

#include <vector>

#include "tests/bench/race/rows.hpp"

namespace bench {

[[nodiscard]] std::vector<Row> transport_rows();

}  // namespace bench
