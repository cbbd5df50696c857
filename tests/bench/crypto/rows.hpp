// tests/bench/crypto/rows.hpp - what is promised of crypto_sodium.
#pragma once

#include <vector>

#include "tests/bench/race/rows.hpp"

namespace bench {

[[nodiscard]] std::vector<Row> crypto_rows();

}  // namespace bench
