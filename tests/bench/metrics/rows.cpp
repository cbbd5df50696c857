// tests/bench/metrics/rows.cpp - the promises of metrics, in the order in which they are printed.
#include "tests/bench/metrics/rows.hpp"

#include <string>

namespace bench {

std::vector<Row> metrics_rows() {
  constexpr auto report = Relation::report;
  const std::string us = "backplane";
  const std::string peer = "prometheus-cpp";
  return {
      {"add",
       "add to a counter",
       true,
       {{us, {}, Relation::at_most, 2.5}, {us, peer, Relation::faster, 4}}},
      {"observe",
       "observe in a histogram of 12 buckets",
       true,
       {{us, {}, Relation::at_most, 4}, {us, peer, Relation::faster, 8}}},
      {"scrape_10k", "scrape 10,000 counters", true, {{us, peer, report}}},
      {"scrape_100k",
       "scrape 100,000 counters: snapshot to text",
       true,
       {{us, peer, Relation::faster, 20}, {"backplane gzip", peer, report}}},
  };
}

}  // namespace bench
