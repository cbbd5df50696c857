// plugins/metrics_prometheus/process.hpp - what the operating system knows about this process.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "family.hpp"

namespace metrics_prometheus {

struct ProcessFacts {
  double cpu_seconds = 0.0;
  double start_time_seconds = 0.0;  // since 1970
  std::uint64_t virtual_memory_bytes = 0;
  std::uint64_t resident_memory_bytes = 0;
  std::uint64_t threads = 0;
  std::uint64_t open_fds = 0;
  std::uint64_t max_fds = 0;
};

// Of the system, to read its numbers with.
struct SystemUnits {
  double ticks_per_second = 100.0;
  double boot_time_seconds = 0.0;
  std::uint64_t page_bytes = 4'096;
};

// The fields of Linux's /proc/<pid>/stat; the descriptors are not among them.
[[nodiscard]] std::optional<ProcessFacts> parse_stat(std::string_view stat,
                                                     const SystemUnits& units);

// Nothing where the system does not tell (any but Linux, or without /proc).
[[nodiscard]] std::optional<ProcessFacts> read_process();

// As the families that every Prometheus client names alike.
[[nodiscard]] std::vector<Family> process_families(const ProcessFacts& facts);

}  // namespace metrics_prometheus
