// host/manifest/units.cpp - two tables of units and one reader for both.
#include "host/manifest/units.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <span>
#include <system_error>

namespace host::manifest {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Largest first: the writer takes the first that divides.
constexpr std::array<Unit, 6> duration_units{{
    {"h", 3'600'000'000'000},
    {"m", 60'000'000'000},
    {"s", 1'000'000'000},
    {"ms", 1'000'000},
    {"us", 1'000},
    {"ns", 1},
}};

constexpr std::array<Unit, 8> size_units{{
    {"GiB", std::uint64_t{1} << 30U},
    {"MiB", std::uint64_t{1} << 20U},
    {"KiB", std::uint64_t{1} << 10U},
    {"GB", 1'000'000'000},
    {"MB", 1'000'000},
    {"KB", 1'000},
    {"B", 1},
    {"", 1},
}};

std::optional<std::uint64_t> parse(std::string_view text, std::span<const Unit> units) {
  std::uint64_t count = 0;
  const char* end = text.data() + text.size();
  const auto [rest, code] = std::from_chars(text.data(), end, count);
  if (code != std::errc()) {
    return std::nullopt;
  }
  const std::string_view name(rest, static_cast<std::size_t>(end - rest));
  for (const Unit& unit : units) {
    if (unit.name == name) {
      const bool fits = count <= std::numeric_limits<std::uint64_t>::max() / unit.factor;
      return fits ? std::optional(count * unit.factor) : std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  const auto count = parse(text, duration_units);
  if (!count || *count > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    return std::nullopt;
  }
  return Duration(static_cast<std::int64_t>(*count));
}

std::string duration_text(Duration value) {
  if (value.count() == 0) {
    return "0s";
  }
  const std::int64_t count = value.count();
  for (const Unit& unit : duration_units) {
    const auto factor = static_cast<std::int64_t>(unit.factor);
    if (count % factor == 0) {
      return std::to_string(count / factor) + std::string(unit.name);
    }
  }
  return {};
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  return parse(text, size_units);
}

std::string size_text(std::uint64_t bytes) {
  for (const Unit& unit : std::span(size_units).first<3>()) {
    if (bytes > 0 && bytes % unit.factor == 0) {
      return std::to_string(bytes / unit.factor) + std::string(unit.name);
    }
  }
  return std::to_string(bytes);
}

}  // namespace host::manifest
