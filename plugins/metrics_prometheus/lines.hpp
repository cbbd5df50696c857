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
};

class Lines {
 public:
  // Of a kind that is_known().
  Lines(std::uint32_t kind, std::string_view name, std::string_view help, std::string_view unit,
        Format format);

  [[nodiscard]] static bool is_known(std::uint32_t kind) noexcept;

  // The lines of one more series. CORRUPT: it has other buckets than those before.
  [[nodiscard]] bp::result<void> add(std::span<const Label> labels, std::span<const double> uppers);

  [[nodiscard]] std::size_t n_series() const noexcept { return n_series_; }

  // No exposition of it is longer, nor shorter than size_min().
  [[nodiscard]] std::size_t size_max() const noexcept;

  [[nodiscard]] std::size_t size_min() const noexcept { return head_.size() + prefixes_.size(); }

  // HELP, TYPE and UNIT. False: no room.
  [[nodiscard]] bool write_head(Room& room) const;

  // Series `next` of these lines and those behind it, with numbers from `from` on, whole ones until
  // the room or the numbers are used up. CORRUPT: the buckets lead outside. How many.
  [[nodiscard]] bp::result<std::size_t> write(Room& room, std::size_t next, const Numbers& numbers,
                                              std::size_t from) const;

 private:
  void prefix(std::string_view suffix, std::span<const Label> labels, const double* upper);
  void bound(double upper);
  [[nodiscard]] std::string_view line(std::size_t number) const noexcept;
  bool put(Room& room, std::size_t number, double value) const;
  bool put(Room& room, std::size_t number, std::uint64_t count) const;

  std::uint32_t kind_;
  Format format_;
  std::string name_;
  std::string head_;
  std::string prefixes_;             // of all lines, one after the other
  std::vector<std::uint32_t> ends_;  // of each in prefixes_
  std::size_t n_series_ = 0;
  std::size_t n_uppers_ = 0;    // buckets of each series
  bool adds_infinity_ = false;  // the last bucket is not in the numbers
  std::size_t lines_each_ = 1;
};

// The shortest text that reads back as the same double: "12", "0.25", "1e+30", "+Inf", "NaN". There
// must be room for number_bytes_max. Where it ends.
[[nodiscard]] char* write_number(char* to, double number) noexcept;

inline constexpr std::size_t number_bytes_max = 32;

}  // namespace metrics_prometheus
