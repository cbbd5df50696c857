// host/metric/part.hpp - a snapshot in parts: each a bp_metric_snapshot of its own.
//
// Owns: nothing that it hands out. Thread: one. Errors: those of `room`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backplane/ext/metric.h"

#include "host/metric/family.hpp"

namespace host::metric {

// A part is closed when it has as much: one that is handed on stays in a processor's cache.
inline constexpr std::size_t part_bytes = std::size_t{1} << 20U;

// Where a part of so many bytes is to lie; null ends the snapshot.
using PartRoom = std::function<std::byte*(std::size_t bytes)>;

// What is written of a family before its series.
struct PartHead {
  Kind kind;
  std::uint32_t shape;
  std::string_view name;
  std::string_view help;  // these two are left out with `known`
  std::string_view unit;
  bool known;  // to whoever asked: no labels
};

// Of a series, beside its numbers. The times are left out of known families, for which they were
// told before.
struct PartExtra {
  std::uint64_t created_unix_ns = 0;
  std::span<const BucketExemplar> exemplars = {};
};

class PartWriter {
 public:
  PartWriter(const PartRoom& room, std::uint32_t shape, std::uint64_t unix_time_ns)
      : room_(room), shape_(shape), unix_time_ns_(unix_time_ns) {}

  // `label_names` and what they point to live until the family's last series.
  void begin(const PartHead& head, std::span<const std::string_view> label_names);

  // `label_values` in the order of the names; empty when the family is known. False: no room.
  [[nodiscard]] bool add(std::span<const std::string_view> label_values, double value,
                         const PartExtra& extra = {});
  [[nodiscard]] bool add(std::span<const std::string_view> label_values, const Series& histogram);

  // The last part, which may be an empty one. False: no room.
  [[nodiscard]] bool finish();

 private:
  [[nodiscard]] bool add(std::span<const std::string_view> label_values, bp_metric_series series,
                         const PartExtra& extra);
  [[nodiscard]] bool close();
  void put_head();
  bp_metric_text text(std::string_view text);
  bp_metric_text repeated(std::string_view text, bp_metric_text& last);
  [[nodiscard]] std::size_t size() const noexcept;

  const PartRoom& room_;
  std::uint32_t shape_;
  std::uint64_t unix_time_ns_;
  PartHead head_{};
  std::span<const std::string_view> label_names_;
  std::vector<bp_metric_text> names_in_part_;   // of the labels
  std::vector<bp_metric_text> values_in_part_;  // of the last series
  std::vector<bp_metric_family> families_;
  std::vector<bp_metric_series> series_;
  std::vector<bp_metric_label> labels_;
  std::vector<bp_metric_bucket> buckets_;
  std::vector<std::uint64_t> created_;  // empty while all are 0
  std::vector<bp_metric_exemplar> exemplars_;
  std::string texts_;
};

}  // namespace host::metric
