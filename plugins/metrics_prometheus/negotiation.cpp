// plugins/metrics_prometheus/negotiation.cpp - reads Accept and Accept-Encoding (RFC 9110, 12.5).
#include "negotiation.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <string>
#include <system_error>

namespace metrics_prometheus {

namespace {

constexpr std::string_view open_metrics_version = "1.0.0";

struct Range {
  std::string type;      // lower case
  std::string version;   // empty: any
  double quality = 1.0;  // an unreadable one wants nothing
};

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(" \t");
  return first == std::string_view::npos
             ? std::string_view{}
             : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view unquoted(std::string_view text) noexcept {
  const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  return quoted ? text.substr(1, text.size() - 2) : text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return out;
}

// Takes the part up to the next `separator`.
std::string_view take(std::string_view& rest, char separator) noexcept {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = trimmed(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

double quality_of(std::string_view text) noexcept {
  double quality = 0.0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), quality);
  const bool sound = code == std::errc() && end == text.data() + text.size() && quality >= 0.0;
  return sound ? std::min(quality, 1.0) : 0.0;
}

Range read_range(std::string_view text) {
  Range range;
  range.type = lower(take(text, ';'));
  while (!text.empty()) {
    std::string_view parameter = take(text, ';');
    const std::string name = lower(take(parameter, '='));
    const std::string_view value = unquoted(trimmed(parameter));
    if (name == "q") {
      range.quality = quality_of(value);
    } else if (name == "version") {
      range.version = value;
    }
  }
  return range;
}

bool is_open_metrics(const Range& range) {
  return range.type == "application/openmetrics-text" &&
         (range.version.empty() || range.version == open_metrics_version);
}

bool is_text(const Range& range) {
  return range.type == "text/plain" || range.type == "text/*" || range.type == "*/*";
}

}  // namespace

std::string_view content_type(Format format) noexcept {
  return format == Format::OpenMetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

Format negotiate(std::string_view accept) {
  double open_metrics = 0.0;
  double text = 0.0;
  while (!accept.empty()) {
    const Range range = read_range(take(accept, ','));
    if (is_open_metrics(range)) {
      open_metrics = std::max(open_metrics, range.quality);
    } else if (is_text(range)) {
      text = std::max(text, range.quality);
    }
  }
  return open_metrics > 0.0 && open_metrics >= text ? Format::OpenMetrics : Format::Text;
}

bool accepts_gzip(std::string_view accept_encoding) {
  std::optional<double> named;
  double any = 0.0;
  while (!accept_encoding.empty()) {
    const Range coding = read_range(take(accept_encoding, ','));
    if (coding.type == "gzip" || coding.type == "x-gzip") {
      named = coding.quality;
    } else if (coding.type == "*") {
      any = coding.quality;
    }
  }
  return named.value_or(any) > 0.0;
}

}  // namespace metrics_prometheus
