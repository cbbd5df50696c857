// tests/bench/metrics/ours.hpp - cells written by a plugin, and expositions of metrics_prometheus
// as it is delivered.
#pragma once

#include <filesystem>

#include "tests/bench/race/contender.hpp"

namespace bench {

// `exporter` is the plugin's file.
[[nodiscard]] Contenders metrics_contenders(const std::filesystem::path& exporter);

// prometheus-cpp, where the program was built with it.
[[nodiscard]] Contenders prometheus_metrics_contenders();

}  // namespace bench
