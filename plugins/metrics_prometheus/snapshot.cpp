// plugins/metrics_prometheus/snapshot.cpp - walks a part's arrays, every index checked.
#include "snapshot.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>

namespace metrics_prometheus {

namespace {

// Of the first hosts.
constexpr std::size_t header_bytes_min = offsetof(bp_metric_snapshot, created_offset);

}  // namespace

template <typename Part>
bool Snapshot::array_fits(std::uint64_t offset, std::uint64_t count) const {
  return offset + (count * sizeof(Part)) <= bytes_.size();
}

// Copied out: nothing promises alignment.
template <typename Part>
bool Snapshot::at(std::uint64_t offset, std::uint64_t index, Part& part) const {
  if (!array_fits<Part>(offset, index + 1)) {
    return false;
  }
  std::memcpy(&part, bytes_.data() + offset + (index * sizeof(Part)), sizeof(Part));
  return true;
}

bool Snapshot::text(bp_metric_text place, std::string_view& out) const {
  if (std::uint64_t{place.offset} + place.len > bytes_.size()) {
    return false;
  }
  out = bp::as_text(bytes_.subspan(place.offset, place.len));
  return true;
}

std::unexpected<bp::error> Snapshot::outside() const {
  return bp::fail(BP_E_CORRUPT, "the host's metric snapshot of " + std::to_string(bytes_.size()) +
                                    " bytes leads outside itself");
}

// An older host's header is shorter: what it does not have is 0 here.
bool Snapshot::read_header() {
  std::uint32_t size = 0;
  if (!at(0, 0, size) || size < header_bytes_min) {
    return false;
  }
  const std::size_t known = std::min<std::size_t>(size, sizeof header_);
  if (known > bytes_.size()) {
    return false;
  }
  std::memcpy(&header_, bytes_.data(), known);
  return array_fits<bp_metric_family>(header_.families_offset, header_.n_families) &&
         array_fits<bp_metric_series>(header_.series_offset, header_.n_series) &&
         array_fits<bp_metric_label>(header_.labels_offset, header_.n_labels) &&
         array_fits<bp_metric_bucket>(header_.buckets_offset, header_.n_buckets) &&
         array_fits<bp_metric_exemplar>(header_.exemplars_offset, header_.n_exemplars) &&
         (header_.created_offset == 0 ||
          array_fits<std::uint64_t>(header_.created_offset, header_.n_series));
}

bp::result<Snapshot> Snapshot::open(bp::bytes_view bytes) {
  Snapshot snapshot(bytes);
  if (!snapshot.read_header()) {
    return snapshot.outside();
  }
  return snapshot;
}

bp::result<Snapshot::Head> Snapshot::family(std::uint32_t index) const {
  bp_metric_family raw{};
  Head head{};
  if (!at(header_.families_offset, index, raw) || !text(raw.name, head.name) ||
      !text(raw.help, head.help) || !text(raw.unit, head.unit) ||
      std::uint64_t{raw.first_series} + raw.n_series > header_.n_series) {
    return outside();
  }
  head.kind = raw.kind;
  head.shape = raw.shape;
  head.first_series = raw.first_series;
  head.n_series = raw.n_series;
  return head;
}

// They are in the order of series.
std::uint32_t Snapshot::exemplars_before(std::uint64_t series) const {
  std::uint32_t first = 0;
  std::uint32_t count = header_.n_exemplars;
  while (count > 0) {
    const std::uint32_t half = count / 2;
    bp_metric_exemplar there{};
    (void)at(header_.exemplars_offset, std::uint64_t{first} + half, there);
    if (there.series < series) {
      first += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return first;
}

Numbers Snapshot::numbers(const Head& of) const noexcept {
  const std::uint32_t before = exemplars_before(of.first_series);
  const std::uint32_t until = exemplars_before(std::uint64_t{of.first_series} + of.n_series);
  return {.series =
              bytes_.data() + header_.series_offset + (of.first_series * sizeof(bp_metric_series)),
          .buckets = bytes_.data() + header_.buckets_offset,
          .n_series = of.n_series,
          .n_buckets = header_.n_buckets,
          .first_series = of.first_series,
          .n_exemplars = until > before ? until - before : 0,
          .exemplars = bytes_.data() + header_.exemplars_offset +
                       (std::size_t{before} * sizeof(bp_metric_exemplar))};
}

bp_metric_series Snapshot::series_at(const Head& of, std::uint32_t index) const {
  bp_metric_series raw{};
  (void)at(header_.series_offset, std::uint64_t{of.first_series} + index, raw);
  return raw;
}

bp_metric_bucket Snapshot::bucket_at(const bp_metric_series& of, std::size_t index) const {
  bp_metric_bucket raw{};
  (void)at(header_.buckets_offset, std::uint64_t{of.first_bucket} + index, raw);
  return raw;
}

bp::result<void> Snapshot::shape_of(const Head& of, std::uint32_t index, Shape& out) const {
  bp_metric_series raw{};
  if (!at(header_.series_offset, std::uint64_t{of.first_series} + index, raw) ||
      std::uint64_t{raw.first_label} + raw.n_labels > header_.n_labels ||
      std::uint64_t{raw.first_bucket} + raw.n_buckets > header_.n_buckets) {
    return outside();
  }
  out.labels.resize(raw.n_labels);
  for (std::uint32_t i = 0; i < raw.n_labels; ++i) {
    bp_metric_label label{};
    if (!at(header_.labels_offset, raw.first_label + i, label) ||
        !text(label.name, out.labels[i].name) || !text(label.value, out.labels[i].value)) {
      return outside();
    }
  }
  out.uppers.resize(raw.n_buckets);
  for (std::uint32_t i = 0; i < raw.n_buckets; ++i) {
    bp_metric_bucket bucket{};
    if (!at(header_.buckets_offset, raw.first_bucket + i, bucket)) {
      return outside();
    }
    out.uppers[i] = bucket.upper;
  }
  out.created_unix_ns = 0;
  if (header_.created_offset != 0) {
    (void)at(header_.created_offset, std::uint64_t{of.first_series} + index, out.created_unix_ns);
  }
  return {};
}

}  // namespace metrics_prometheus
