// tests/bench/metrics/peer.cpp - prometheus-cpp's counter, histogram, registry and serializer.
#include <array>
#include <memory>
#include <string>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "tests/bench/metrics/ours.hpp"
#include "tests/bench/metrics/work.hpp"
#include "tests/bench/peers/peers.hpp"
#include "tests/bench/race/measure.hpp"

namespace bench {

namespace {

Round observations() {
  auto registry = std::make_shared<prometheus::Registry>();
  auto& histogram = prometheus::BuildHistogram().Name("wait").Register(*registry).Add(
      {}, std::vector<double>(bounds.begin(), bounds.end()));
  auto table = std::make_shared<std::array<double, values>>();
  for (std::uint32_t i = 0; i < values; ++i) {
    table->at(i) = value_of(i);
  }
  return [registry, &histogram, table](std::uint64_t count) {
    const std::uint64_t before = histogram.Collect().histogram.sample_count;
    const std::uint64_t begin = bench_now_ns();
    for (std::uint64_t i = 0; i < count; ++i) {
      histogram.Observe((*table)[i % values]);
    }
    const std::uint64_t end = bench_now_ns();
    expect_equal(histogram.Collect().histogram.sample_count - before, count, "observations");
    return Sample{per_operation(begin, end, count), 0};
  };
}

class Scraped {
 public:
  explicit Scraped(std::uint32_t series) {
    for (std::uint32_t f = 0; f < series / series_per_family; ++f) {
      auto& family = prometheus::BuildCounter()
                         .Name("bench_family_" + std::to_string(f) + "_total")
                         .Help("One of many")
                         .Register(registry_);
      for (std::uint32_t s = 0; s < series_per_family; ++s) {
        counters_.push_back(&family.Add({{"method", "GET"},
                                         {"path", "/api/v1/resource/" + std::to_string(s)},
                                         {"status", s % 2 == 0 ? "200" : "500"}}));
      }
    }
  }

  Sample round(std::uint64_t count) {
    std::uint64_t spent = 0;
    std::string text;
    for (std::uint64_t i = 0; i < count; ++i) {
      for (prometheus::Counter* counter : counters_) {
        counter->Increment(static_cast<double>(1 + i % 7));
      }
      const std::uint64_t begin = bench_now_ns();
      text = serializer_.Serialize(registry_.Collect());
      spent += bench_now_ns() - begin;
    }
    const auto lines = static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
    if (lines < counters_.size()) {
      expect_equal(lines, counters_.size(), "lines of the exposition");
    }
    return {per_operation(0, spent, count), static_cast<double>(text.size())};
  }

 private:
  prometheus::Registry registry_;
  prometheus::TextSerializer serializer_;
  std::vector<prometheus::Counter*> counters_;
};

Contender scrape(const char* row, std::uint32_t series) {
  return {row, "prometheus-cpp", [series]() -> Round {
            auto scraped = std::make_shared<Scraped>(series);
            return [scraped](std::uint64_t count) { return scraped->round(count); };
          }};
}

}  // namespace

Contenders prometheus_metrics_contenders() {
  return {{"add", "prometheus-cpp", prometheus_adds},
          {"observe", "prometheus-cpp", observations},
          scrape("scrape_10k", 10'000),
          scrape("scrape_100k", 100'000)};
}

}  // namespace bench
