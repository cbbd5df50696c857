// tests/host/metric/decoded.hpp - reads a snapshot's bytes by the law's text, independently of who
// wrote them.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "host/metric/family.hpp"

namespace host::metric {

template <typename Part>
Part part(std::string_view bytes, std::size_t offset, std::size_t index) {
  Part out;
  const std::size_t at = offset + index * sizeof out;
  if (at + sizeof out > bytes.size()) {
    ADD_FAILURE() << "offset " << at << " lies outside";
    return {};
  }
  std::memcpy(&out, bytes.data() + at, sizeof out);
  return out;
}

inline std::string text(std::string_view bytes, bp_metric_text place) {
  return std::string(bytes.substr(place.offset, place.len));
}

// Reads the law's layout back, independently of the encoder.
inline std::vector<Family> decode(std::string_view bytes) {
  const auto header = part<bp_metric_snapshot>(bytes, 0, 0);
  std::vector<Family> families;
  for (std::uint32_t f = 0; f < header.n_families; ++f) {
    const auto raw = part<bp_metric_family>(bytes, header.families_offset, f);
    Family family{.kind = static_cast<Kind>(raw.kind),
                  .name = text(bytes, raw.name),
                  .help = text(bytes, raw.help),
                  .unit = text(bytes, raw.unit),
                  .label_names = {},
                  .series = {}};
    for (std::uint32_t s = raw.first_series; s < raw.first_series + raw.n_series; ++s) {
      const auto line = part<bp_metric_series>(bytes, header.series_offset, s);
      Series series{.label_values = {},
                    .value = line.value,
                    .sum = line.sum,
                    .count = line.count,
                    .buckets = {}};
      family.label_names.clear();
      for (std::uint32_t i = line.first_label; i < line.first_label + line.n_labels; ++i) {
        const auto label = part<bp_metric_label>(bytes, header.labels_offset, i);
        family.label_names.push_back(text(bytes, label.name));
        series.label_values.push_back(text(bytes, label.value));
      }
      for (std::uint32_t i = line.first_bucket; i < line.first_bucket + line.n_buckets; ++i) {
        const auto bucket = part<bp_metric_bucket>(bytes, header.buckets_offset, i);
        series.buckets.push_back({bucket.upper, bucket.count});
      }
      if (header.created_offset != 0) {
        series.created_unix_ns = part<std::uint64_t>(bytes, header.created_offset, s);
      }
      for (std::uint32_t i = 0; i < header.n_exemplars; ++i) {
        const auto told = part<bp_metric_exemplar>(bytes, header.exemplars_offset, i);
        if (told.series == s) {
          Exemplar exemplar{.value = told.value, .unix_time_ns = told.unix_time_ns, .trace = {}};
          std::memcpy(exemplar.trace.data(), told.trace, exemplar.trace.size());
          series.exemplars.emplace_back(told.bucket, exemplar);
        }
      }
      family.series.push_back(series);
    }
    families.push_back(family);
  }
  return families;
}

}  // namespace host::metric
