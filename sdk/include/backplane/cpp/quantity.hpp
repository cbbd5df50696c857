// backplane/cpp/quantity.hpp - durations, sizes and times as people write them.
//
// Since: 1.0. Thread: values.
#pragma once

#include <charconv>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace bp {

/// A number of bytes; in JSON an integer or "64KiB".
struct byte_size {
  std::uint64_t bytes = 0;

  constexpr operator std::uint64_t() const noexcept { return bytes; }  // NOLINT: it is a number
};

namespace quantity {

struct unit {
  std::string_view name;
  std::uint64_t factor;
};

/// `factor` times 0.`decimals`, where that is a whole number.
[[nodiscard]] inline std::optional<std::uint64_t> fraction_of(std::uint64_t factor,
                                                              std::string_view decimals) {
  decimals = decimals.substr(0, decimals.find_last_not_of('0') + 1);
  std::uint64_t numerator = 0;
  std::uint64_t denominator = 1;
  for (const char digit : decimals) {
    if (denominator > std::numeric_limits<std::uint64_t>::max() / 10) {
      return std::nullopt;
    }
    numerator = numerator * 10 + static_cast<std::uint64_t>(digit - '0');
    denominator *= 10;
  }
  if (numerator > std::numeric_limits<std::uint64_t>::max() / factor ||
      numerator * factor % denominator != 0) {
    return std::nullopt;  // finer than the smallest unit
  }
  return numerator * factor / denominator;
}

/// Takes `12.5ms` off the front of `text`, in multiples of the smallest unit.
template <std::size_t Count>
[[nodiscard]] std::optional<std::uint64_t> take(std::string_view& text,
                                                const unit (&units)[Count]) {
  const char* const end = text.data() + text.size();
  std::uint64_t whole = 0;
  const auto parsed = std::from_chars(text.data(), end, whole);
  if (parsed.ec != std::errc()) {
    return std::nullopt;
  }
  std::string_view rest(parsed.ptr, static_cast<std::size_t>(end - parsed.ptr));
  std::string_view decimals;
  if (rest.starts_with('.')) {
    const std::size_t stop = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    decimals = rest.substr(1, stop - 1);
    rest.remove_prefix(stop);
    if (decimals.empty()) {
      return std::nullopt;
    }
  }
  const std::size_t letters = std::min(rest.find_first_of("0123456789"), rest.size());
  for (const unit& each : units) {
    if (each.name != rest.substr(0, letters)) {
      continue;
    }
    if (whole > std::numeric_limits<std::int64_t>::max() / each.factor) {
      return std::nullopt;
    }
    const auto part = fraction_of(each.factor, decimals);
    if (!part) {
      return std::nullopt;
    }
    text = rest.substr(letters);
    return whole * each.factor + *part;
  }
  return std::nullopt;
}

/// "250ms", "1.5s", "1h30m". Units: ns us ms s m h d.
[[nodiscard]] inline std::optional<std::chrono::nanoseconds> duration(std::string_view text) {
  constexpr unit units[] = {{"ns", 1},
                            {"us", 1'000},
                            {"ms", 1'000'000},
                            {"s", 1'000'000'000},
                            {"m", 60'000'000'000},
                            {"h", 3'600'000'000'000},
                            {"d", 86'400'000'000'000}};
  std::uint64_t sum = 0;
  do {
    const auto part = take(text, units);
    if (!part ||
        *part > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) - sum) {
      return std::nullopt;
    }
    sum += *part;
  } while (!text.empty());
  return std::chrono::nanoseconds(static_cast<std::int64_t>(sum));
}

/// "64KiB", "10MB", "512B".
[[nodiscard]] inline std::optional<byte_size> size(std::string_view text) {
  constexpr unit units[] = {{"B", 1},
                            {"kB", 1'000},
                            {"KB", 1'000},
                            {"MB", 1'000'000},
                            {"GB", 1'000'000'000},
                            {"TB", 1'000'000'000'000},
                            {"KiB", 1ULL << 10U},
                            {"MiB", 1ULL << 20U},
                            {"GiB", 1ULL << 30U},
                            {"TiB", 1ULL << 40U}};
  const auto amount = take(text, units);
  return amount && text.empty() ? std::optional(byte_size{*amount}) : std::nullopt;
}

namespace detail {

/// Takes exactly `count` digits and, when given, the separator after them.
[[nodiscard]] inline bool digits(std::string_view& text, std::size_t count, int& value,
                                 std::string_view separators = {}) {
  const std::size_t stop = std::min(text.find_first_not_of("0123456789"), text.size());
  if (stop != count) {
    return false;
  }
  std::from_chars(text.data(), text.data() + count, value);
  text.remove_prefix(count);
  if (separators.empty()) {
    return true;
  }
  const bool here = !text.empty() && separators.find(text.front()) != std::string_view::npos;
  text.remove_prefix(here ? 1 : 0);
  return here;
}

[[nodiscard]] inline std::optional<std::int64_t> fraction_ns(std::string_view& text) {
  if (!text.starts_with('.')) {
    return 0;
  }
  const std::size_t stop = std::min(text.find_first_not_of("0123456789", 1), text.size());
  if (stop == 1) {
    return std::nullopt;
  }
  std::int64_t ns = 0;
  for (std::size_t i = 1; i <= 9; ++i) {
    ns = ns * 10 + (i < stop ? text[i] - '0' : 0);
  }
  text.remove_prefix(stop);
  return ns;
}

[[nodiscard]] inline std::optional<std::chrono::minutes> zone(std::string_view text) {
  if (text == "Z" || text == "z") {
    return std::chrono::minutes(0);
  }
  if (text.size() != 6 || (text.front() != '+' && text.front() != '-')) {
    return std::nullopt;
  }
  const int sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  int hours = 0;
  int minutes = 0;
  if (!digits(text, 2, hours, ":") || !digits(text, 2, minutes) || hours > 23 || minutes > 59) {
    return std::nullopt;
  }
  return std::chrono::minutes(sign * (hours * 60 + minutes));
}

}  // namespace detail

using time_point = std::chrono::sys_time<std::chrono::nanoseconds>;

/// RFC 3339: "2026-11-25T20:45:13.5Z". A leap second counts as the one before it.
[[nodiscard]] inline std::optional<time_point> time(std::string_view text) {
  using detail::digits;
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (!digits(text, 4, year, "-") || !digits(text, 2, month, "-") || !digits(text, 2, day, "Tt ") ||
      !digits(text, 2, hour, ":") || !digits(text, 2, minute, ":") || !digits(text, 2, second)) {
    return std::nullopt;
  }
  const auto fraction = detail::fraction_ns(text);
  const auto offset = detail::zone(text);
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!fraction || !offset || !date.ok() || hour > 23 || minute > 59 || second > 60 ||
      year < 1678 || year > 2261) {  // the years that nanoseconds in 64 bits can name
    return std::nullopt;
  }
  return time_point(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
         std::chrono::minutes(minute) + std::chrono::seconds(std::min(second, 59)) +
         std::chrono::nanoseconds(*fraction) - *offset;
}

/// The shortest exact text of a duration, "1500ms".
[[nodiscard]] inline std::string text_of(std::chrono::nanoseconds value) {
  constexpr unit units[] = {{"s", 1'000'000'000}, {"ms", 1'000'000}, {"us", 1'000}, {"ns", 1}};
  for (const unit& each : units) {
    if (value.count() % static_cast<std::int64_t>(each.factor) == 0) {
      return std::to_string(value.count() / static_cast<std::int64_t>(each.factor)) +
             std::string(each.name);
    }
  }
  return {};
}

/// RFC 3339 in UTC, with as many decimals (0, 3, 6 or 9) as it needs.
[[nodiscard]] inline std::string text_of(time_point value) {
  const auto days = std::chrono::floor<std::chrono::days>(value);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss clock(value - days);
  const auto padded = [](std::int64_t number, std::size_t width) {
    const std::string digits = std::to_string(number);
    return std::string(width - std::min(width, digits.size()), '0') + digits;
  };
  std::string text = padded(static_cast<int>(date.year()), 4) + '-' +
                     padded(static_cast<unsigned>(date.month()), 2) + '-' +
                     padded(static_cast<unsigned>(date.day()), 2) + 'T' +
                     padded(clock.hours().count(), 2) + ':' + padded(clock.minutes().count(), 2) +
                     ':' + padded(clock.seconds().count(), 2);
  if (const std::int64_t ns = clock.subseconds().count(); ns != 0) {
    const std::string decimals = padded(ns, 9);
    text += '.' + decimals.substr(0, ns % 1'000'000 == 0 ? 3 : ns % 1'000 == 0 ? 6 : 9);
  }
  return text + 'Z';
}

}  // namespace quantity
}  // namespace bp
