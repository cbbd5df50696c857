// tests/bench/transport/stored.hpp - events that one client publishes, that are sealed and stored,
// and that a hundred clients get.
#pragma once

#include <memory>

#include "tests/bench/race/contender.hpp"
#include "tests/bench/transport/server.hpp"

namespace bench {

// A round: `count` events as fast as they are answered, then some of them at half that rate. Its
// figures: time of one event, and the 99th percentile from the sending of an event to each
// arrival, in nanoseconds.
[[nodiscard]] Round stored_round(std::shared_ptr<Server> server);

}  // namespace bench
