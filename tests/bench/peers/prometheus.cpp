// tests/bench/peers/prometheus.cpp - prometheus-cpp's counter.
#include <memory>

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include "tests/bench/peers/peers.hpp"
#include "tests/bench/race/measure.hpp"

namespace bench {

Round prometheus_adds() {
  auto registry = std::make_shared<prometheus::Registry>();
  auto& counter = prometheus::BuildCounter().Name("adds").Register(*registry).Add({});
  return [registry, &counter](std::uint64_t count) {
    const double before = counter.Value();
    const std::uint64_t begin = bench_now_ns();
    for (std::uint64_t i = 0; i < count; ++i) {
      counter.Increment();
    }
    const std::uint64_t end = bench_now_ns();
    expect_equal(static_cast<std::uint64_t>(counter.Value() - before), count, "additions");
    return Sample{per_operation(begin, end, count), 0};
  };
}

Contenders prometheus_contenders() {
  return {{"metric", "prometheus-cpp", prometheus_adds}};
}

}  // namespace bench
