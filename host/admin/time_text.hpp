// host/admin/time_text.hpp - a moment as RFC 3339 text in UTC, to the millisecond.
//
// Owns: nothing. Thread: any. Errors: none.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace host::admin {

[[nodiscard]] inline std::string time_text(std::int64_t unix_ms) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(static_cast<std::time_t>(unix_ms / 1000)), unix_ms % 1000);
}

}  // namespace host::admin
