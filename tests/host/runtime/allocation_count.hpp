// tests/host/runtime/allocation_count.hpp - how often this thread called operator new.
//
// Owns: the replaced operators of the test program. Thread: its own count. Errors: none.
#pragma once

#include <cstdint>

namespace host::runtime {

[[nodiscard]] std::uint64_t allocations() noexcept;

}  // namespace host::runtime
