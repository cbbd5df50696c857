// tests/bench/transport/ours.hpp - the daemon with transport_ws as a contender.
#pragma once

#include <string>

#include "tests/bench/ours/place.hpp"
#include "tests/bench/race/contender.hpp"
#include "tests/bench/transport/clients.hpp"

namespace bench {

inline constexpr unsigned crowd = 100;
inline constexpr std::size_t message_bytes = 64;

// A text of `message_bytes`.
[[nodiscard]] std::string sample_text();

[[nodiscard]] Contenders transport_contenders(Place& place, unsigned idle);

}  // namespace bench
