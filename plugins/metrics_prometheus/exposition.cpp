// plugins/metrics_prometheus/exposition.cpp - writes the lines of both formats.
#include "exposition.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "backplane/cpp/utf8.hpp"

namespace metrics_prometheus {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::string_view no_help = "No help was given.";
constexpr double integers_exact_below = 9007199254740992.0;  // 2^53
constexpr std::size_t bytes_per_series = 96;

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

void append_count(std::string& out, std::uint64_t count) {
  std::array<char, 24> digits{};
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), count).ptr;
  out.append(std::string_view(digits.data(), end));
}

std::string_view kind_name(std::uint32_t kind) noexcept {
  switch (kind) {
    case BP_METRIC_COUNTER:
      return "counter";
    case BP_METRIC_GAUGE:
      return "gauge";
    case BP_METRIC_HISTOGRAM:
      return "histogram";
    default:
      return {};
  }
}

class Renderer {
 public:
  Renderer(std::string& out, Format format) : out_(out), format_(format) {}

  void family(const Family& family) {
    const std::string_view kind = kind_name(family.kind);
    if (kind.empty() || family.series.empty()) {
      return;  // a kind of a newer host, or nothing to say
    }
    head(family, kind);
    for (const Series& series : family.series) {
      if (family.kind == BP_METRIC_HISTOGRAM) {
        histogram(family, series);
      } else {
        sample(family, family.kind == BP_METRIC_COUNTER ? "_total" : "", series.labels);
        append_number(out_, series.value);
        out_ += '\n';
      }
    }
  }

 private:
  [[nodiscard]] bool open_metrics() const noexcept { return format_ == Format::OpenMetrics; }

  void comment(std::string_view what, std::string_view name, std::string_view suffix) {
    out_ += "# ";
    out_ += what;
    out_ += ' ';
    out_ += name;
    out_ += suffix;
    out_ += ' ';
  }

  // Text 0.0.4 describes what is on the lines; OpenMetrics describes the family.
  void head(const Family& family, std::string_view kind) {
    const bool suffixed = family.kind == BP_METRIC_COUNTER && !open_metrics();
    const std::string_view suffix = suffixed ? "_total" : "";
    comment("HELP", family.name, suffix);
    append_escaped(out_, family.help.empty() ? no_help : family.help, open_metrics());
    out_ += '\n';
    comment("TYPE", family.name, suffix);
    out_ += kind;
    out_ += '\n';
    const bool has_unit = !family.unit.empty() && family.name.size() > family.unit.size() &&
                          family.name.ends_with(family.unit) &&
                          family.name[family.name.size() - family.unit.size() - 1] == '_';
    if (open_metrics() && has_unit) {
      comment("UNIT", family.name, {});
      out_ += family.unit;
      out_ += '\n';
    }
  }

  // Everything of a line up to its value. `upper` is the label "le" of a bucket.
  void sample(const Family& family, std::string_view suffix, std::span<const Label> labels,
              const double* upper = nullptr) {
    out_ += family.name;
    out_ += suffix;
    char separator = '{';
    for (const Label& label : labels) {
      out_ += separator;
      out_ += label.name;
      out_ += "=\"";
      append_escaped(out_, label.value, true);
      out_ += '"';
      separator = ',';
    }
    if (upper != nullptr) {
      out_ += separator;
      out_ += "le=\"";
      append_bound(*upper);
      out_ += '"';
      separator = ',';
    }
    out_ += separator == ',' ? "} " : " ";
  }

  // OpenMetrics wants bounds in the canonical form of floats: "1.0", not "1".
  void append_bound(double upper) {
    const std::size_t begin = out_.size();
    append_number(out_, upper);
    const bool integer = out_.find_first_not_of("-0123456789", begin) == std::string::npos;
    if (open_metrics() && integer) {
      out_ += ".0";
    }
  }

  void histogram(const Family& family, const Series& series) {
    for (const Bucket& bucket : series.buckets) {
      sample(family, "_bucket", series.labels, &bucket.upper);
      append_count(out_, bucket.count);
      out_ += '\n';
    }
    if (series.buckets.empty() || !std::isinf(series.buckets.back().upper)) {
      const double infinity = HUGE_VAL;
      sample(family, "_bucket", series.labels, &infinity);
      append_count(out_, series.count);
      out_ += '\n';
    }
    sample(family, "_sum", series.labels);
    append_number(out_, series.sum);
    out_ += '\n';
    sample(family, "_count", series.labels);
    append_count(out_, series.count);
    out_ += '\n';
  }

  std::string& out_;
  Format format_;
};

}  // namespace

void append_number(std::string& out, double number) {
  if (std::isnan(number)) {
    out += "NaN";
    return;
  }
  if (std::isinf(number)) {
    out += number > 0 ? "+Inf" : "-Inf";
    return;
  }
  std::array<char, 32> digits{};
  char* const first = digits.data();
  char* const last = first + digits.size();
  const bool integer = std::abs(number) < integers_exact_below && std::trunc(number) == number;
  const auto written = integer ? std::to_chars(first, last, static_cast<std::int64_t>(number))
                               : std::to_chars(first, last, number);
  out.append(first, written.ptr);
}

std::string render(std::span<const Family> families, Format format) {
  std::string out;
  std::size_t lines = 0;
  for (const Family& family : families) {
    for (const Series& series : family.series) {
      lines += 1 + (series.buckets.empty() ? 0 : series.buckets.size() + 2);
    }
  }
  out.reserve((lines + families.size()) * bytes_per_series);
  Renderer renderer(out, format);
  for (const Family& family : families) {
    renderer.family(family);
  }
  if (format == Format::OpenMetrics) {
    out += "# EOF\n";
  }
  return out;
}

}  // namespace metrics_prometheus
