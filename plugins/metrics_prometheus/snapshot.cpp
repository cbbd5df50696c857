// plugins/metrics_prometheus/snapshot.cpp - walks the snapshot's arrays, every index checked.
#include "snapshot.hpp"

#include <cstddef>
#include <cstring>
#include <string>

namespace metrics_prometheus {

namespace {

class Reader {
 public:
  explicit Reader(bp::bytes_view bytes) : bytes_(bytes) {}

  // False: something leads outside the bytes.
  bool read(std::vector<Family>& families) {
    if (!at(0, 0, header_) || header_.struct_size < sizeof(bp_metric_snapshot)) {
      return false;
    }
    bool sound = array_fits<bp_metric_family>(header_.families_offset, header_.n_families) &&
                 array_fits<bp_metric_series>(header_.series_offset, header_.n_series) &&
                 array_fits<bp_metric_label>(header_.labels_offset, header_.n_labels) &&
                 array_fits<bp_metric_bucket>(header_.buckets_offset, header_.n_buckets);
    for (std::uint32_t i = 0; sound && i < header_.n_families; ++i) {
      sound = read_family(i, families.emplace_back());
    }
    return sound;
  }

 private:
  template <typename Part>
  [[nodiscard]] bool array_fits(std::uint64_t offset, std::uint64_t count) const {
    return offset + (count * sizeof(Part)) <= bytes_.size();
  }

  // Copied out: nothing promises alignment.
  template <typename Part>
  [[nodiscard]] bool at(std::uint64_t offset, std::uint64_t index, Part& part) const {
    if (!array_fits<Part>(offset, index + 1)) {
      return false;
    }
    std::memcpy(&part, bytes_.data() + offset + (index * sizeof(Part)), sizeof(Part));
    return true;
  }

  [[nodiscard]] bool text(bp_metric_text place, std::string_view& out) const {
    if (std::uint64_t{place.offset} + place.len > bytes_.size()) {
      return false;
    }
    out = bp::as_text(bytes_.subspan(place.offset, place.len));
    return true;
  }

  static bool within(std::uint64_t first, std::uint64_t count, std::uint64_t limit) {
    return first + count <= limit;
  }

  bool read_family(std::uint32_t index, Family& family) const {
    bp_metric_family raw{};
    if (!at(header_.families_offset, index, raw) || !text(raw.name, family.name) ||
        !text(raw.help, family.help) || !text(raw.unit, family.unit) ||
        !within(raw.first_series, raw.n_series, header_.n_series)) {
      return false;
    }
    family.kind = raw.kind;
    family.series.resize(raw.n_series);
    for (std::uint32_t i = 0; i < raw.n_series; ++i) {
      if (!read_series(raw.first_series + i, family.series[i])) {
        return false;
      }
    }
    return true;
  }

  bool read_series(std::uint32_t index, Series& series) const {
    bp_metric_series raw{};
    if (!at(header_.series_offset, index, raw) ||
        !within(raw.first_label, raw.n_labels, header_.n_labels) ||
        !within(raw.first_bucket, raw.n_buckets, header_.n_buckets)) {
      return false;
    }
    series.value = raw.value;
    series.sum = raw.sum;
    series.count = raw.count;
    series.labels.resize(raw.n_labels);
    for (std::uint32_t i = 0; i < raw.n_labels; ++i) {
      bp_metric_label label{};
      if (!at(header_.labels_offset, raw.first_label + i, label) ||
          !text(label.name, series.labels[i].name) || !text(label.value, series.labels[i].value)) {
        return false;
      }
    }
    series.buckets.resize(raw.n_buckets);
    for (std::uint32_t i = 0; i < raw.n_buckets; ++i) {
      bp_metric_bucket bucket{};
      if (!at(header_.buckets_offset, raw.first_bucket + i, bucket)) {
        return false;
      }
      series.buckets[i] = {bucket.upper, bucket.count};
    }
    return true;
  }

  bp::bytes_view bytes_;
  bp_metric_snapshot header_{};
};

}  // namespace

bp::result<std::vector<Family>> read_snapshot(bp::bytes_view bytes) {
  std::vector<Family> families;
  if (!Reader(bytes).read(families)) {
    return bp::fail(BP_E_CORRUPT, "the host's metric snapshot of " + std::to_string(bytes.size()) +
                                      " bytes leads outside itself");
  }
  return families;
}

}  // namespace metrics_prometheus
