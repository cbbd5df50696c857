// tests/stress/allocations/counting.hpp - counts what the whole process takes from the heap: the
// host, the plugins and the C++ library, by whatever name.
//
// Owns: the counters of the process. Thread: any. Errors: none.
#pragma once

#include <cstdint>

namespace stress {

// Between the two calls. With STRESS_TRACE in the environment the first few tell on stderr where
// they come from.
void count_allocations();
[[nodiscard]] std::uint64_t counted_allocations();

}  // namespace stress
