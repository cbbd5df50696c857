// plugins/metrics_prometheus/lines.hpp - a family's lines without their numbers, made once, and the
// numbers written behind them at each scrape.
//
// Owns: its texts. Thread: one writes; const from any. Errors: CORRUPT.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backplane/cpp/error.hpp"

#include "family.hpp"
#include "negotiation.hpp"

namespace metrics_prometheus {

// Memory that is filled from the front.
struct Room {
  char* at;
  char* end;

  [[nodiscard]] std::size_t left() const noexcept { return static_cast<std::size_t>(end - at); }
};

// The numbers of a family's series, as they lie in a snapshot. Nothing promises alignment.
struct Numbers {
  const std::byte* series = nullptr;   // bp_metric_series[n_series]
  const std::byte* buckets = nullptr;  // bp_metric_bucket[n_buckets]
  std::uint32_t n_series = 0;
  std::uint32_t n_buckets = 0;
  std::uint32_t first_series = 0;        // the number of the first, as exemplars name it
  std::uint32_t n_exemplars = 0;         // of these series
  const std::byte* exemplars = nullptr;  // bp_metric_exemplar[n_exemplars]
};

// Exemplars are in the order of series and buckets: each is found by going on from the last one.
class ExemplarCursor {
 public:
  // `from` counts from the first of `numbers`.
  ExemplarCursor(const Numbers& numbers, std::uint32_t from, bool wanted) noexcept;

  // Null: that bucket of the series has none.
  [[nodiscard]] const std::byte* of(std::uint32_t series, std::uint32_t bucket) noexcept {
    return next_ == end_ ? nullptr : find(series, bucket);
  }

 private:
  [[nodiscard]] const std::byte* find(std::uint32_t series, std::uint32_t bucket) noexcept;

  const std::byte* next_;
  const std::byte* end_;
  std::uint32_t first_series_;
};

class Lines {
 public:
  // Of a kind that is_known(). `created`: with lines that say when series began, where the format
  // has them.
  Lines(std::uint32_t kind, std::string_view name, std::string_view help, std::string_view unit,
        Format format, bool created = false);

  [[nodiscard]] static bool is_known(std::uint32_t kind) noexcept;

  // The lines of one more series. CORRUPT: it has other buckets than those before.
  [[nodiscard]] bp::result<void> add(std::span<const Label> labels, std::span<const double> uppers,
                                     std::uint64_t created_unix_ns = 0);

  [[nodiscard]] std::size_t n_series() const noexcept { return n_series_; }

  // No exposition of it without exemplars is longer, nor shorter than size_min().
  [[nodiscard]] std::size_t size_max() const noexcept;

  [[nodiscard]] std::size_t size_min() const noexcept {
    return head_.size() + prefixes_.size() + created_.size();
  }

  // HELP, TYPE and UNIT. False: no room.
  [[nodiscard]] bool write_head(Room& room) const;

  // Series `next` of these lines and those behind it, with numbers from `from` on, whole ones until
  // the room or the numbers are used up. CORRUPT: the buckets lead outside. How many.
  [[nodiscard]] bp::result<std::size_t> write(Room& room, std::size_t next, const Numbers& numbers,
                                              std::size_t from) const;

 private:
  void prefix(std::string_view suffix, std::span<const Label> labels, const double* upper);
  void bound(double upper);
  void began(std::span<const Label> labels, std::uint64_t unix_ns);
  [[nodiscard]] std::string_view line(std::size_t number) const noexcept;
  template <typename Value>
  bool put(Room& room, std::size_t number, Value value, const std::byte* exemplar = nullptr) const;
  bool put_created(Room& room, std::size_t series) const;
  [[nodiscard]] bool write_histogram(Room& room, std::size_t next, const bp_metric_series& series,
                                     const Numbers& numbers, ExemplarCursor& exemplars,
                                     std::uint32_t index) const;

  std::uint32_t kind_;
  Format format_;
  bool with_created_;
  std::string name_;
  std::string head_;
  std::string prefixes_;                     // of all lines, one after the other
  std::vector<std::uint32_t> ends_;          // of each in prefixes_
  std::string created_;                      // whole lines: they never change
  std::vector<std::uint32_t> created_ends_;  // of each series in created_; none: nothing of it
  std::size_t n_series_ = 0;
  std::size_t n_uppers_ = 0;    // buckets of each series
  bool adds_infinity_ = false;  // the last bucket is not in the numbers
  std::size_t lines_each_ = 1;
};

// The shortest text that reads back as the same double: "12", "0.25", "1e+30", "+Inf", "NaN". There
// must be room for number_bytes_max. Where it ends.
[[nodiscard]] char* write_number(char* to, double number) noexcept;

inline constexpr std::size_t number_bytes_max = 32;

// Unix time in seconds, with milliseconds: "1764170000.250". Room as for a number.
[[nodiscard]] char* write_seconds(char* to, std::uint64_t unix_ns) noexcept;

// ` # {trace_id="...",span_id="..."} value time` behind a value.
[[nodiscard]] char* write_exemplar(char* to, const bp_metric_exemplar& exemplar) noexcept;

inline constexpr std::size_t exemplar_bytes_max = 80 + (2 * number_bytes_max);

}  // namespace metrics_prometheus
