// plugins/metrics_prometheus/family.hpp - what the renderer needs to know of a family, borrowed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backplane/ext/metric.h"

namespace metrics_prometheus {

struct Label {
  std::string_view name;
  std::string_view value;
};

struct Bucket {
  double upper;
  std::uint64_t count;  // cumulative
};

struct Series {
  std::vector<Label> labels;
  double value = 0.0;
  double sum = 0.0;
  std::uint64_t count = 0;
  std::vector<Bucket> buckets;
  std::uint64_t created_unix_ns = 0;  // 0: not known
};

// Texts belong to whoever made it: a snapshot's bytes, or literals.
struct Family {
  std::uint32_t kind = BP_METRIC_GAUGE;
  std::string_view name;  // counters without "_total"
  std::string_view help;
  std::string_view unit;
  std::vector<Series> series;
};

}  // namespace metrics_prometheus
