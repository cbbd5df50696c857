// host/metric/definition.hpp - what a metric family is, and the rules its names obey.
//
// Owns: its texts. Thread: a value. Errors: INVALID, TOO_NEW.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backplane/ext/metric.h"

#include "host/error/error.hpp"

namespace host::metric {

inline constexpr std::size_t name_bytes_max = 255;
inline constexpr std::size_t help_bytes_max = 1'024;
inline constexpr std::size_t labels_max = BP_METRIC_LABELS_MAX;
inline constexpr std::size_t label_value_bytes_max = BP_METRIC_LABEL_BYTES_MAX;

// Added by the host to every series of a plugin; no plugin may use it itself.
inline constexpr std::string_view plugin_label = "plugin";

enum class Kind : std::uint8_t {
  Counter = BP_METRIC_COUNTER,
  Gauge = BP_METRIC_GAUGE,
  Histogram = BP_METRIC_HISTOGRAM,
  Info = BP_METRIC_INFO,
  StateSet = BP_METRIC_STATESET
};

[[nodiscard]] std::string_view kind_name(Kind kind) noexcept;

struct Definition {
  Kind kind = Kind::Counter;
  std::string name;  // counters without "_total"
  std::string help;
  std::string unit;  // "seconds", "bytes" or empty; then the name ends with it
  std::vector<std::string> label_names;
  std::vector<double> bounds;  // histogram; empty: 1 ms .. 10 s

  // "counter 'x_bytes' {a, b}"
  [[nodiscard]] std::string text() const;
};

// From the law's structure.
[[nodiscard]] error::Result<Definition> read_desc(const bp_metric_desc& desc);

// The Prometheus data model, the suffixes that exporters add, and names reserved for the host.
[[nodiscard]] error::Result<void> check(const Definition& definition, bool by_host);

// UTF-8 that every exposition parser accepts: broken sequences and NUL become U+FFFD, and what is
// longer than `bytes_max` is cut between characters.
[[nodiscard]] std::string clean_text(std::string_view text, std::size_t bytes_max);

}  // namespace host::metric
