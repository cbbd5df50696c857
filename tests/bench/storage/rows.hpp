// tests/bench/storage/rows.hpp - what storage_sqlite promises: each row of its table.
#pragma once

#include <vector>

#include "tests/bench/race/rows.hpp"

namespace bench {

[[nodiscard]] std::vector<Row> storage_rows();

}  // namespace bench
