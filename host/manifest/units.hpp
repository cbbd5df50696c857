// host/manifest/units.hpp - durations ("250ms") and sizes ("64KiB") as text and as numbers.
//
// Owns: nothing. Thread: any. Errors: no value for what is not one, or does not fit.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace host::manifest {

using Duration = std::chrono::nanoseconds;

// A whole number and one of ns, us, ms, s, m, h. No sign, no fraction, no blank.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);
// In the largest unit that is exact: "5m", "250ms", "0s".
[[nodiscard]] std::string duration_text(Duration value);

// A whole number and nothing, B, KB, MB, GB (powers of 1000), KiB, MiB or GiB (powers of 1024).
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);
[[nodiscard]] std::string size_text(std::uint64_t bytes);

}  // namespace host::manifest
