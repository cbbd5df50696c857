// tests/plugins/metrics_prometheus/snapshot_bytes.hpp - builds bp_metric_snapshot bytes for the
// tests.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "backplane/cpp/bytes.hpp"

#include "family.hpp"

namespace metrics_prometheus {

// Written from the law's text alone; the host's encoder has tests of its own.
class SnapshotBytes {
 public:
  // `shape` is that of all families; 0: a host that gives none.
  explicit SnapshotBytes(const std::vector<Family>& families, std::uint32_t shape = 0,
                         std::vector<bp_metric_exemplar> exemplars = {})
      : shape_(shape), exemplars_(std::move(exemplars)) {
    for (const Family& family : families) {
      add(family);
    }
    bp_metric_snapshot header{};
    header.shape = shape;
    header.struct_size = sizeof header;
    header.n_families = size(families_);
    header.n_series = size(series_);
    header.n_labels = size(labels_);
    header.n_buckets = size(buckets_);
    header.families_offset = sizeof header;
    header.series_offset = header.families_offset + bytes(families_);
    header.labels_offset = header.series_offset + bytes(series_);
    header.buckets_offset = header.labels_offset + bytes(labels_);
    header.created_offset = header.buckets_offset + bytes(buckets_);
    header.exemplars_offset = header.created_offset + bytes(created_);
    header.n_exemplars = size(exemplars_);
    const std::uint32_t texts = header.exemplars_offset + bytes(exemplars_);
    for (bp_metric_family& family : families_) {
      family.name.offset += texts;
      family.help.offset += texts;
      family.unit.offset += texts;
    }
    for (bp_metric_label& label : labels_) {
      label.name.offset += texts;
      label.value.offset += texts;
    }
    append(&header, sizeof header);
    append(families_.data(), bytes(families_));
    append(series_.data(), bytes(series_));
    append(labels_.data(), bytes(labels_));
    append(buckets_.data(), bytes(buckets_));
    append(created_.data(), bytes(created_));
    append(exemplars_.data(), bytes(exemplars_));
    all_ += texts_;
  }

  [[nodiscard]] bp::bytes_view view() const { return bp::as_bytes(all_); }

  [[nodiscard]] std::string& raw() { return all_; }

 private:
  template <typename Part>
  static std::uint32_t size(const std::vector<Part>& parts) {
    return static_cast<std::uint32_t>(parts.size());
  }

  template <typename Part>
  static std::uint32_t bytes(const std::vector<Part>& parts) {
    return static_cast<std::uint32_t>(parts.size() * sizeof(Part));
  }

  void append(const void* data, std::size_t count) {
    if (count > 0) {
      all_.append(static_cast<const char*>(data), count);
    }
  }

  bp_metric_text text(std::string_view text) {
    texts_ += text;
    return {static_cast<std::uint32_t>(texts_.size() - text.size()),
            static_cast<std::uint32_t>(text.size())};
  }

  void add(const Family& family) {
    families_.push_back({family.kind, shape_, text(family.name), text(family.help),
                         text(family.unit), size(series_), size(family.series)});
    for (const Series& series : family.series) {
      series_.push_back({size(labels_), size(series.labels), size(buckets_), size(series.buckets),
                         series.value, series.sum, series.count});
      created_.push_back(series.created_unix_ns);
      for (const Label& label : series.labels) {
        labels_.push_back({text(label.name), text(label.value)});
      }
      for (const Bucket& bucket : series.buckets) {
        buckets_.push_back({bucket.upper, bucket.count});
      }
    }
  }

  std::uint32_t shape_;
  std::vector<bp_metric_family> families_;
  std::vector<bp_metric_series> series_;
  std::vector<bp_metric_label> labels_;
  std::vector<bp_metric_bucket> buckets_;
  std::vector<std::uint64_t> created_;
  std::vector<bp_metric_exemplar> exemplars_;
  std::string texts_;
  std::string all_;
};

inline bp_metric_exemplar exemplar(std::uint32_t series, std::uint32_t bucket, double value,
                                   bool with_span = true) {
  bp_metric_exemplar made{};
  made.series = series;
  made.bucket = bucket;
  made.value = value;
  made.unix_time_ns = 1'764'170'000'250'000'000;
  made.trace[0] = 0xAB;
  made.trace[15] = 0x01;
  made.trace[23] = with_span ? 0x7F : 0;
  return made;
}

inline Series series(std::vector<Label> labels, double value) {
  return {.labels = std::move(labels), .value = value, .buckets = {}};
}

inline Family family(std::uint32_t kind, std::string_view name, std::vector<Series> all,
                     std::string_view unit = {}) {
  return {.kind = kind, .name = name, .help = "Help.", .unit = unit, .series = std::move(all)};
}

}  // namespace metrics_prometheus
