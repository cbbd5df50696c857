// plugins/metrics_prometheus/lines.cpp - writes the lines of both formats.
#include "lines.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

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

// Whatever the cell holds.
double shown(std::uint32_t kind, double value) noexcept {
  return kind == BP_METRIC_INFO ? 1.0 : kind == BP_METRIC_STATESET && value != 0.0 ? 1.0 : value;
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
             std::string_view unit, Format format, bool created)
    : kind_(kind),
      format_(format),
      with_created_(created && format == Format::OpenMetrics &&
                    (kind == BP_METRIC_COUNTER || kind == BP_METRIC_HISTOGRAM)),
      name_(name) {
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

// A line that is whole at once: the time never changes.
void Lines::began(std::span<const Label> labels, std::uint64_t unix_ns) {
  if (!with_created_) {
    return;
  }
  if (unix_ns != 0) {
    const std::size_t begin = prefixes_.size();
    prefix("_created", labels, nullptr);
    created_.append(prefixes_, begin);
    prefixes_.resize(begin);
    ends_.pop_back();
    std::array<char, number_bytes_max> seconds{};
    created_.append(seconds.data(), write_seconds(seconds.data(), unix_ns));
    created_ += '\n';
  }
  created_ends_.push_back(static_cast<std::uint32_t>(created_.size()));
}

bp::result<void> Lines::add(std::span<const Label> labels, std::span<const double> uppers,
                            std::uint64_t created_unix_ns) {
  if (kind_ != BP_METRIC_HISTOGRAM) {
    prefix(suffix_of(kind_), labels, nullptr);
    began(labels, created_unix_ns);
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
  began(labels, created_unix_ns);
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

namespace {

char* write_value(char* to, double value) noexcept {
  return write_number(to, value);
}

char* write_value(char* to, std::uint64_t count) noexcept {
  return std::to_chars(to, to + number_bytes_max, count).ptr;
}

}  // namespace

template <typename Value>
bool Lines::put(Room& room, std::size_t number, Value value, const std::byte* exemplar) const {
  const std::string_view text = line(number);
  const std::size_t more = exemplar == nullptr ? 0 : exemplar_bytes_max;
  if (room.left() < text.size() + number_bytes_max + 1 + more) {
    return false;
  }
  std::memcpy(room.at, text.data(), text.size());
  room.at = write_value(room.at + text.size(), value);
  if (exemplar != nullptr) {
    room.at = write_exemplar(room.at, item_at<bp_metric_exemplar>(exemplar, 0));
  }
  *room.at++ = '\n';
  return true;
}

// Which may be nothing: of that series it is not known.
bool Lines::put_created(Room& room, std::size_t series) const {
  if (created_ends_.empty()) {
    return true;
  }
  const std::size_t begin = series == 0 ? 0 : created_ends_[series - 1];
  const std::size_t bytes = created_ends_[series] - begin;
  if (room.left() < bytes) {
    return false;
  }
  std::memcpy(room.at, created_.data() + begin, bytes);
  room.at += bytes;
  return true;
}

bool Lines::write_histogram(Room& room, std::size_t next, const bp_metric_series& series,
                            const Numbers& numbers, ExemplarCursor& exemplars,
                            std::uint32_t index) const {
  std::size_t number = next * lines_each_;
  for (std::uint32_t i = 0; i < n_uppers_; ++i) {
    const auto bucket = item_at<bp_metric_bucket>(numbers.buckets, series.first_bucket + i);
    if (!put(room, number++, bucket.count, exemplars.of(index, i))) {
      return false;
    }
  }
  return (!adds_infinity_ || put(room, number++, series.count)) && put(room, number, series.sum) &&
         put(room, number + 1, series.count) && put_created(room, next);
}

bp::result<std::size_t> Lines::write(Room& room, std::size_t next, const Numbers& numbers,
                                     std::size_t from) const {
  const std::size_t wanted = std::min(n_series_ - next, numbers.n_series - from);
  ExemplarCursor exemplars(numbers, static_cast<std::uint32_t>(from),
                           format_ == Format::OpenMetrics);
  std::size_t done = 0;
  for (; done < wanted; ++done) {
    const auto index = static_cast<std::uint32_t>(from + done);
    const auto series = item_at<bp_metric_series>(numbers.series, index);
    char* const begin = room.at;
    bool fits = false;
    if (kind_ == BP_METRIC_HISTOGRAM) {
      if (series.n_buckets != n_uppers_ ||
          std::uint64_t{series.first_bucket} + series.n_buckets > numbers.n_buckets) {
        return bp::fail(BP_E_CORRUPT, "the buckets of histogram '" + name_ + "' are not its own");
      }
      fits = write_histogram(room, next + done, series, numbers, exemplars, index);
    } else if (kind_ == BP_METRIC_COUNTER) {
      fits = put(room, next + done, series.value, exemplars.of(index, 0)) &&
             put_created(room, next + done);
    } else {
      fits = put(room, next + done, shown(kind_, series.value));
    }
    if (!fits) {
      room.at = begin;  // whole series only
      break;
    }
  }
  return done;
}

ExemplarCursor::ExemplarCursor(const Numbers& numbers, std::uint32_t from, bool wanted) noexcept
    : next_(numbers.exemplars), end_(numbers.exemplars), first_series_(numbers.first_series) {
  if (!wanted || numbers.n_exemplars == 0) {
    return;
  }
  end_ = next_ + (numbers.n_exemplars * sizeof(bp_metric_exemplar));
  while (next_ != end_ &&
         item_at<bp_metric_exemplar>(next_, 0).series < std::uint64_t{first_series_} + from) {
    next_ += sizeof(bp_metric_exemplar);
  }
}

const std::byte* ExemplarCursor::find(std::uint32_t series, std::uint32_t bucket) noexcept {
  const auto wanted = std::pair(std::uint64_t{first_series_} + series, bucket);
  for (; next_ != end_; next_ += sizeof(bp_metric_exemplar)) {
    const auto exemplar = item_at<bp_metric_exemplar>(next_, 0);
    const auto there = std::pair(std::uint64_t{exemplar.series}, exemplar.bucket);
    if (there >= wanted) {
      return there == wanted ? next_ : nullptr;
    }
  }
  return nullptr;
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

char* write_seconds(char* to, std::uint64_t unix_ns) noexcept {
  constexpr std::uint64_t ns_per_ms = 1'000'000;
  constexpr std::uint64_t ms_per_s = 1'000;
  constexpr std::uint64_t base = 10;
  const std::uint64_t ms = unix_ns / ns_per_ms;
  to = std::to_chars(to, to + number_bytes_max, ms / ms_per_s).ptr;
  *to++ = '.';
  for (std::uint64_t place = ms_per_s / base; place != 0; place /= base) {
    *to++ = static_cast<char>('0' + ms / place % base);
  }
  return to;
}

char* write_exemplar(char* to, const bp_metric_exemplar& exemplar) noexcept {
  constexpr std::size_t trace_id_bytes = 16;
  constexpr std::string_view digits = "0123456789abcdef";
  constexpr unsigned half = 4;
  const auto text = [&to](std::string_view part) {
    std::memcpy(to, part.data(), part.size());
    to += part.size();
  };
  const auto hex = [&to, digits](std::span<const std::uint8_t> bytes) {
    for (const std::uint8_t byte : bytes) {
      *to++ = digits[byte >> half];
      *to++ = digits[byte & 0xFU];
    }
  };
  const std::span<const std::uint8_t> trace(exemplar.trace);
  const auto span = trace.subspan(trace_id_bytes);
  text(" # {trace_id=\"");
  hex(trace.first(trace_id_bytes));
  if (std::ranges::any_of(span, [](std::uint8_t byte) { return byte != 0; })) {
    text("\",span_id=\"");
    hex(span);
  }
  text("\"} ");
  to = write_number(to, exemplar.value);
  *to++ = ' ';
  return write_seconds(to, exemplar.unix_time_ns);
}

}  // namespace metrics_prometheus
