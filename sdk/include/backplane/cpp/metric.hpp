// backplane/cpp/metric.hpp - counters, gauges, histograms: a write is no call.
//
// Since: 1.0. Thread: defining and binding: any. One cell belongs to one thread: each thread that
// writes binds its own. A default-made or refused metric swallows what it is given.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "backplane/cpp/bytes.hpp"
#include "backplane/cpp/engine.hpp"

namespace bp {

namespace detail {

inline void put_word(std::uint64_t& word, std::uint64_t value) noexcept {
  __atomic_store_n(&word, value, __ATOMIC_RELAXED);
}

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__SANITIZE_THREAD__)
using double_in_word [[gnu::may_alias]] = double;

// A relaxed store, from the register that the value is in: the compilers take an atomic double
// through another one, which is a third of what an observation costs.
inline void put_double(std::uint64_t& word, double value) noexcept {
  *reinterpret_cast<volatile double_in_word*>(&word) = value;
}
#else
inline void put_double(std::uint64_t& word, double value) noexcept {
  put_word(word, std::bit_cast<std::uint64_t>(value));
}
#endif

}  // namespace detail

class counter {
 public:
  counter() = default;

  explicit counter(bp_metric_cell* cell) noexcept : cell_(cell) {}

  void add(std::uint64_t n = 1) const noexcept {
    if (cell_ != nullptr) {
      detail::put_word(cell_->value, cell_->value + n);
    }
  }

  /// Null: it swallows.
  [[nodiscard]] const bp_metric_cell* cell() const noexcept { return cell_; }

 private:
  bp_metric_cell* cell_ = nullptr;
};

class gauge {
 public:
  gauge() = default;

  explicit gauge(bp_metric_cell* cell) noexcept : cell_(cell) {}

  void set(double value) const noexcept {
    if (cell_ == nullptr) {
      return;
    }
    if (std::isnan(value)) {
      detail::put_word(cell_->refused, cell_->refused + 1);
    } else {
      detail::put_double(cell_->value, value);
    }
  }

  void add(double by) const noexcept {
    if (cell_ != nullptr) {
      set(std::bit_cast<double>(cell_->value) + by);
    }
  }

 private:
  bp_metric_cell* cell_ = nullptr;
};

class histogram {
 public:
  histogram() = default;

  explicit histogram(bp_metric_cell* cell) noexcept : cell_(cell) {}

  void observe(double value) const noexcept {
    bp_metric_cell* const cell = cell_;
    if (cell == nullptr) {
      return;
    }
    if (std::isnan(value)) {
      detail::put_word(cell->refused, cell->refused + 1);
      return;
    }
    // All is read before anything is written: the compiler cannot know that these are not the same.
    std::uint64_t& bucket = cell->buckets[index_of(*cell, value)];
    const std::uint64_t count = cell->value;
    const double sum = std::bit_cast<double>(cell->sum);
    detail::put_word(bucket, bucket + 1);
    detail::put_double(cell->sum, sum + value);
    detail::put_word(cell->value, count + 1);
  }

  /// Null: it swallows.
  [[nodiscard]] const bp_metric_cell* cell() const noexcept { return cell_; }

 private:
  // Without branches: which bucket it is no processor foresees.
  [[nodiscard]] static std::uint64_t index_of(const bp_metric_cell& cell, double value) noexcept {
    const auto bits = std::bit_cast<std::int64_t>(value);
    // One less than the bits, so that a value of exactly a bound lies below it; -1 lies below all.
    const std::int64_t line = bits > 0 ? bits - 1 : -1;
    const std::int64_t index =
        (line >> cell.index_shift) - static_cast<std::int64_t>(cell.index_base) + 1;
    const std::int64_t last = static_cast<std::int64_t>(cell.n_buckets) - 1;
    return static_cast<std::uint64_t>(std::min(std::max<std::int64_t>(index, 0), last));
  }

  bp_metric_cell* cell_ = nullptr;
};

/// What a family is. The texts are copied.
struct metric_description {
  std::string_view name;  ///< counters without "_total"
  std::string_view help;
  std::string_view unit = {};                 ///< "seconds", "bytes" or empty
  std::vector<std::string_view> labels = {};  ///< names
  std::vector<double> bounds = {};            ///< histogram; empty: 1 ms .. 10 s
};

/// A family whose series differ by label values: `requests.bind({"GET", "200"}).add();`
template <typename Metric>
class metric_family {
 public:
  metric_family() = default;

  metric_family(const detail::engine& of, bp_family handle) : of_(&of), handle_(handle) {}

  /// A cell for the calling thread. Bind once, keep it. Refused: a metric that swallows.
  [[nodiscard]] Metric bind(std::initializer_list<std::string_view> values = {}) const {
    return bind(std::span(values.begin(), values.size()));
  }

  [[nodiscard]] Metric bind(std::span<const std::string_view> values) const {
    if (of_ == nullptr) {
      return {};
    }
    std::vector<bp_str> texts;
    for (const std::string_view value : values) {
      texts.push_back(detail::to_abi(value));
    }
    bp_metric_cell* cell = nullptr;
    const bp_status status = of_->metric->bind(of_->host, of_->instance, handle_, texts.data(),
                                               static_cast<std::uint32_t>(texts.size()), &cell);
    return status < 0 ? Metric() : Metric(cell);
  }

 private:
  const detail::engine* of_ = nullptr;
  bp_family handle_ = 0;
};

namespace detail {

// False: the host keeps none, or refused it.
inline bool exemplar(const engine& of, const bp_metric_cell* cell, double value,
                     const trace_context& trace) noexcept {
  return cell != nullptr && BP_HAS(bp_metric_api, of.metric, exemplar) &&
         of.metric->exemplar(of.host, of.instance, cell, value, trace.data()) >= 0;
}

template <typename Metric>
result<metric_family<Metric>> define(const engine& of, std::uint32_t kind,
                                     const metric_description& what) {
  if (of.metric == nullptr) {
    return metric_family<Metric>();  // a host without metrics: everything is swallowed
  }
  std::vector<bp_str> labels;
  for (const std::string_view label : what.labels) {
    labels.push_back(to_abi(label));
  }
  bp_metric_desc desc{};
  desc.struct_size = sizeof(desc);
  desc.kind = kind;
  desc.name = to_abi(what.name);
  desc.help = to_abi(what.help);
  desc.unit = to_abi(what.unit);
  desc.label_names = labels.data();
  desc.n_label_names = static_cast<std::uint32_t>(labels.size());
  desc.bounds = what.bounds.empty() ? nullptr : what.bounds.data();
  desc.n_bounds = static_cast<std::uint32_t>(what.bounds.size());
  bp_family handle = 0;
  bp_error why = blank_error();
  const bp_status status = of.metric->define(of.host, of.instance, &desc, &handle, &why);
  if (status < 0) {
    return std::unexpected(
        error::from_abi(status, &why).during("defining metric '" + std::string(what.name) + "'"));
  }
  return metric_family<Metric>(of, handle);
}

}  // namespace detail
}  // namespace bp
