// plugins/metrics_prometheus/lines.cpp - writes the lines of both formats.
#include "lines.hpp"

#include <charconv>
#include <cmath>
#include <cstring>

#include "backplane/cpp/utf8.hpp"

namespace metrics_prometheus {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::string_view no_help = "No help was given.";
constexpr double integers_exact_below = 9007199254740992.0;  // 2^53

// What both formats escape in texts; quotes depend on the place.
void append_escaped(std::string& out, std::string_view text, bool escape_quotes) {
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t length = c == '\0' ? 0 : bp::utf8::sequence_length(text);
    if (length == 0) {
      out += replacement;
    } else if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && escape_quotes) {
      out += "\\\"";
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

std::string_view kind_name(std::uint32_t kind, bool open_metrics) noexcept {
  switch (kind) {
    case BP_METRIC_COUNTER:
      return "counter";
    case BP_METRIC_GAUGE:
      return "gauge";
    case BP_METRIC_HISTOGRAM:
      return "histogram";
    case BP_METRIC_INFO:  // text 0.0.4 has no name for these two
      return open_metrics ? "info" : "gauge";
    case BP_METRIC_STATESET:
      return open_metrics ? "stateset" : "gauge";
    default:
      return {};
  }
}

std::string_view suffix_of(std::uint32_t kind) noexcept {
  return kind == BP_METRIC_COUNTER ? "_total" : kind == BP_METRIC_INFO ? "_info" : "";
}

void append_comment(std::string& out, std::string_view what, std::string_view name,
                    std::string_view suffix) {
  out += "# ";
  out += what;
  out += ' ';
  out += name;
  out += suffix;
  out += ' ';
}

template <typename Item>
Item item_at(const std::byte* items, std::size_t index) noexcept {
  Item item;
  std::memcpy(&item, items + (index * sizeof item), sizeof item);
  return item;
}

}  // namespace

bool Lines::is_known(std::uint32_t kind) noexcept {
  return !kind_name(kind, true).empty();
}

// Text 0.0.4 describes what is on the lines; OpenMetrics describes the family.
Lines::Lines(std::uint32_t kind, std::string_view name, std::string_view help,
             std::string_view unit, Format format)
    : kind_(kind), format_(format), name_(name) {
  const bool open_metrics = format == Format::OpenMetrics;
  const std::string_view suffix = open_metrics ? "" : suffix_of(kind);
  append_comment(head_, "HELP", name, suffix);
  append_escaped(head_, help.empty() ? no_help : help, open_metrics);
  head_ += '\n';
  append_comment(head_, "TYPE", name, suffix);
  head_ += kind_name(kind, open_metrics);
  head_ += '\n';
  const bool has_unit = !unit.empty() && name.size() > unit.size() && name.ends_with(unit) &&
                        name[name.size() - unit.size() - 1] == '_';
  if (open_metrics && has_unit) {
    append_comment(head_, "UNIT", name, {});
    head_ += unit;
    head_ += '\n';
  }
}

// Everything of a line up to its value. `upper` is the label "le" of a bucket.
void Lines::prefix(std::string_view suffix, std::span<const Label> labels, const double* upper) {
  prefixes_ += name_;
  prefixes_ += suffix;
  char separator = '{';
  for (const Label& label : labels) {
    prefixes_ += separator;
    prefixes_ += label.name;
    prefixes_ += "=\"";
    append_escaped(prefixes_, label.value, true);
    prefixes_ += '"';
    separator = ',';
  }
  if (upper != nullptr) {
    prefixes_ += separator;
    prefixes_ += "le=\"";
    bound(*upper);
    prefixes_ += '"';
    separator = ',';
  }
  prefixes_ += separator == ',' ? "} " : " ";
  ends_.push_back(static_cast<std::uint32_t>(prefixes_.size()));
}

// OpenMetrics wants bounds in the canonical form of floats: "1.0", not "1".
void Lines::bound(double upper) {
  const std::size_t begin = prefixes_.size();
  prefixes_.resize(begin + number_bytes_max);
  char* const at = prefixes_.data() + begin;
  prefixes_.resize(begin + static_cast<std::size_t>(write_number(at, upper) - at));
  const bool integer = prefixes_.find_first_not_of("-0123456789", begin) == std::string::npos;
  if (format_ == Format::OpenMetrics && integer) {
    prefixes_ += ".0";
  }
}

bp::result<void> Lines::add(std::span<const Label> labels, std::span<const double> uppers) {
  if (kind_ != BP_METRIC_HISTOGRAM) {
    prefix(suffix_of(kind_), labels, nullptr);
    ++n_series_;
    return {};
  }
  const bool adds_infinity = uppers.empty() || !std::isinf(uppers.back());
  if (n_series_ == 0) {
    n_uppers_ = uppers.size();
    adds_infinity_ = adds_infinity;
    lines_each_ = n_uppers_ + (adds_infinity ? 3 : 2);
  } else if (uppers.size() != n_uppers_ || adds_infinity != adds_infinity_) {
    return bp::fail(BP_E_CORRUPT, "histogram '" + name_ + "' has series of unlike buckets");
  }
  for (const double upper : uppers) {
    prefix("_bucket", labels, &upper);
  }
  if (adds_infinity) {
    const double infinity = HUGE_VAL;
    prefix("_bucket", labels, &infinity);
  }
  prefix("_sum", labels, nullptr);
  prefix("_count", labels, nullptr);
  ++n_series_;
  return {};
}

std::size_t Lines::size_max() const noexcept {
  return size_min() + (ends_.size() * (number_bytes_max + 1));
}

bool Lines::write_head(Room& room) const {
  if (room.left() < head_.size()) {
    return false;
  }
  std::memcpy(room.at, head_.data(), head_.size());
  room.at += head_.size();
  return true;
}

std::string_view Lines::line(std::size_t number) const noexcept {
  const std::size_t begin = number == 0 ? 0 : ends_[number - 1];
  return {prefixes_.data() + begin, ends_[number] - begin};
}

bool Lines::put(Room& room, std::size_t number, double value) const {
  const std::string_view text = line(number);
  if (room.left() < text.size() + number_bytes_max + 1) {
    return false;
  }
  std::memcpy(room.at, text.data(), text.size());
  room.at = write_number(room.at + text.size(), value);
  *room.at++ = '\n';
  return true;
}

bool Lines::put(Room& room, std::size_t number, std::uint64_t count) const {
  const std::string_view text = line(number);
  if (room.left() < text.size() + number_bytes_max + 1) {
    return false;
  }
  std::memcpy(room.at, text.data(), text.size());
  char* const at = room.at + text.size();
  room.at = std::to_chars(at, at + number_bytes_max, count).ptr;
  *room.at++ = '\n';
  return true;
}

bp::result<std::size_t> Lines::write(Room& room, std::size_t next, const Numbers& numbers,
                                     std::size_t from) const {
  const std::size_t wanted = std::min(n_series_ - next, numbers.n_series - from);
  std::size_t done = 0;
  if (kind_ != BP_METRIC_HISTOGRAM) {
    for (; done < wanted; ++done) {
      double value = item_at<bp_metric_series>(numbers.series, from + done).value;
      if (kind_ == BP_METRIC_STATESET) {
        value = value != 0.0 ? 1.0 : 0.0;
      } else if (kind_ == BP_METRIC_INFO) {
        value = 1.0;
      }
      if (!put(room, next + done, value)) {
        break;
      }
    }
    return done;
  }
  for (; done < wanted; ++done) {
    const auto series = item_at<bp_metric_series>(numbers.series, from + done);
    if (series.n_buckets != n_uppers_ ||
        std::uint64_t{series.first_bucket} + series.n_buckets > numbers.n_buckets) {
      return bp::fail(BP_E_CORRUPT, "the buckets of histogram '" + name_ + "' are not its own");
    }
    const char* const begin = room.at;
    std::size_t number = (next + done) * lines_each_;
    bool fits = true;
    for (std::size_t i = 0; fits && i < n_uppers_; ++i) {
      const auto bucket = item_at<bp_metric_bucket>(numbers.buckets, series.first_bucket + i);
      fits = put(room, number++, bucket.count);
    }
    fits = fits && (!adds_infinity_ || put(room, number++, series.count)) &&
           put(room, number, series.sum) && put(room, number + 1, series.count);
    if (!fits) {
      room.at -= room.at - begin;
      break;
    }
  }
  return done;
}

char* write_number(char* to, double number) noexcept {
  const auto word = [to](std::string_view text) {
    std::memcpy(to, text.data(), text.size());
    return to + text.size();
  };
  if (std::isnan(number)) {
    return word("NaN");
  }
  if (std::isinf(number)) {
    return word(number > 0 ? "+Inf" : "-Inf");
  }
  const bool integer = std::abs(number) < integers_exact_below && std::trunc(number) == number;
  char* const last = to + number_bytes_max;
  return integer ? std::to_chars(to, last, static_cast<std::int64_t>(number)).ptr
                 : std::to_chars(to, last, number).ptr;
}

}  // namespace metrics_prometheus
