// plugins/metrics_prometheus/naming.hpp - what names, labels and units of metrics must look like.
//
// The host checks those of plugins; this is for callers of bp.metrics.registry/1. Errors: INVALID.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backplane/cpp/error.hpp"

namespace metrics_prometheus {

inline constexpr std::size_t name_bytes_max = 255;
inline constexpr std::string_view owner_label = "plugin";

struct Definition {
  std::uint32_t kind = 0;  // BP_METRIC_*
  std::string name;
  std::string help;
  std::string unit;
  std::vector<std::string> label_names;
  std::vector<double> bounds;

  friend bool operator==(const Definition&, const Definition&) = default;
};

[[nodiscard]] bp::result<void> check(const Definition& definition);

// At most `bytes_max` bytes, cut between characters.
[[nodiscard]] std::string_view cut(std::string_view text, std::size_t bytes_max) noexcept;

}  // namespace metrics_prometheus
