// plugins/metrics_prometheus/snapshot.hpp - reads one part of the host's snapshot without trusting
// it.
//
// Owns: nothing; it points into the bytes. Thread: any. Errors: CORRUPT.
#pragma once

#include <span>
#include <vector>

#include "backplane/cpp/bytes.hpp"
#include "backplane/cpp/error.hpp"

#include "family.hpp"
#include "lines.hpp"

namespace metrics_prometheus {

class Snapshot {
 public:
  // What a family says of itself; its texts point into the bytes.
  struct Head {
    std::uint32_t kind;
    std::uint32_t shape;
    std::string_view name;
    std::string_view help;
    std::string_view unit;
    std::uint32_t first_series;
    std::uint32_t n_series;
  };

  // What belongs to one series: labels, the upper bounds of its buckets, when it began.
  struct Shape {
    std::vector<Label> labels;
    std::vector<double> uppers;
    std::uint64_t created_unix_ns = 0;
  };

  [[nodiscard]] static bp::result<Snapshot> open(bp::bytes_view bytes);

  [[nodiscard]] std::uint32_t shape() const noexcept { return header_.shape; }

  [[nodiscard]] std::uint64_t unix_time_ns() const noexcept { return header_.unix_time_ns; }

  [[nodiscard]] std::uint32_t n_families() const noexcept { return header_.n_families; }

  [[nodiscard]] bp::result<Head> family(std::uint32_t index) const;
  [[nodiscard]] Numbers numbers(const Head& of) const noexcept;
  // `index` counts from the family's first; `out` is used again and again.
  [[nodiscard]] bp::result<void> shape_of(const Head& of, std::uint32_t index, Shape& out) const;

  // After shape_of() found the series sound.
  [[nodiscard]] bp_metric_series series_at(const Head& of, std::uint32_t index) const;
  [[nodiscard]] bp_metric_bucket bucket_at(const bp_metric_series& of, std::size_t index) const;

 private:
  explicit Snapshot(bp::bytes_view bytes) : bytes_(bytes) {}

  template <typename Part>
  [[nodiscard]] bool array_fits(std::uint64_t offset, std::uint64_t count) const;
  template <typename Part>
  [[nodiscard]] bool at(std::uint64_t offset, std::uint64_t index, Part& part) const;
  [[nodiscard]] bool text(bp_metric_text place, std::string_view& out) const;
  [[nodiscard]] bool read_header();
  [[nodiscard]] std::uint32_t exemplars_before(std::uint64_t series) const;
  [[nodiscard]] std::unexpected<bp::error> outside() const;

  bp::bytes_view bytes_;
  bp_metric_snapshot header_{};
};

}  // namespace metrics_prometheus
