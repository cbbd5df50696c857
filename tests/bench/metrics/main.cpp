// tests/bench/metrics/main.cpp - backplane-bench-metrics: the promises of metrics, measured on this
// machine.
#include "tests/bench/metrics/ours.hpp"
#include "tests/bench/metrics/rows.hpp"
#include "tests/bench/race/program.hpp"

int main(int argc, char** argv) {
  return bench::run_program(
      {.name = "backplane-bench-metrics",
       .about = "Measures metric cells and expositions through the bus, beside prometheus-cpp.",
       .rows = bench::metrics_rows()},
      {argv + 1, argv + argc}, [](const bench::Asked& /*asked*/) {
        bench::Field field{bench::metrics_contenders(BENCH_METRICS)};
#if defined(BENCH_HAS_PROMETHEUS)
        append(field.contenders, bench::prometheus_metrics_contenders());
#else
        field.absent.emplace_back("prometheus-cpp: needs prometheus-cpp-dev, and scripts/bench");
#endif
        return field;
      });
}
