// plugins/metrics_prometheus/process.cpp - reads /proc/self on Linux.
#include "process.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <system_error>

#if defined(__linux__)
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

#include <sys/resource.h>
#endif

namespace metrics_prometheus {

namespace {

// Positions after the command name, which may itself contain spaces and parentheses (proc(5)).
constexpr std::size_t utime_field = 11;
constexpr std::size_t stime_field = 12;
constexpr std::size_t threads_field = 17;
constexpr std::size_t start_field = 19;
constexpr std::size_t virtual_field = 20;
constexpr std::size_t resident_field = 21;
constexpr std::size_t fields_needed = 22;

std::optional<std::array<std::uint64_t, fields_needed>> fields_of(std::string_view stat) {
  const std::size_t command_end = stat.rfind(')');
  if (command_end == std::string_view::npos) {
    return std::nullopt;
  }
  stat.remove_prefix(command_end + 1);
  std::array<std::uint64_t, fields_needed> fields{};
  for (std::size_t i = 0; i < fields_needed; ++i) {
    const std::size_t begin = stat.find_first_not_of(' ');
    if (begin == std::string_view::npos) {
      return std::nullopt;
    }
    stat.remove_prefix(begin);
    const std::size_t end = std::min(stat.find_first_of(" \n"), stat.size());
    // The state letter and negative numbers are of no interest here and stay 0.
    const std::string_view field = stat.substr(0, end);
    const auto parsed = std::from_chars(field.data(), field.data() + field.size(), fields.at(i));
    if (parsed.ec != std::errc()) {
      fields.at(i) = 0;
    }
    stat.remove_prefix(end);
  }
  return fields;
}

Family single(std::uint32_t kind, std::string_view name, std::string_view help,
              std::string_view unit, double value, double created_seconds = 0.0) {
  constexpr double ns_per_s = 1e9;
  return {.kind = kind,
          .name = name,
          .help = help,
          .unit = unit,
          .series = {
              Series{.labels = {},
                     .value = value,
                     .buckets = {},
                     .created_unix_ns = static_cast<std::uint64_t>(created_seconds * ns_per_s)}}};
}

#if defined(__linux__)

std::string file_text(const char* path) {
  const std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

double boot_time_seconds() {
  constexpr std::string_view key = "\nbtime ";
  const std::string text = file_text("/proc/stat");
  const std::size_t at = text.find(key);
  std::uint64_t seconds = 0;
  if (at != std::string::npos) {
    std::from_chars(text.data() + at + key.size(), text.data() + text.size(), seconds);
  }
  return static_cast<double>(seconds);
}

std::uint64_t count_descriptors() {
  std::error_code error;
  std::uint64_t count = 0;
  for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end;
       at.increment(error)) {
    ++count;
  }
  return count > 0 ? count - 1 : 0;  // without the one that was open to count them
}

#endif

}  // namespace

std::optional<ProcessFacts> parse_stat(std::string_view stat, const SystemUnits& units) {
  const auto fields = fields_of(stat);
  if (!fields) {
    return std::nullopt;
  }
  const auto seconds = [&](std::size_t field) {
    return static_cast<double>(fields->at(field)) / units.ticks_per_second;
  };
  ProcessFacts facts;
  facts.cpu_seconds = seconds(utime_field) + seconds(stime_field);
  facts.start_time_seconds = units.boot_time_seconds + seconds(start_field);
  facts.threads = fields->at(threads_field);
  facts.virtual_memory_bytes = fields->at(virtual_field);
  facts.resident_memory_bytes = fields->at(resident_field) * units.page_bytes;
  return facts;
}

std::optional<ProcessFacts> read_process() {
#if defined(__linux__)
  const SystemUnits units{
      .ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK)),
      .boot_time_seconds = boot_time_seconds(),
      .page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)),
  };
  auto facts = parse_stat(file_text("/proc/self/stat"), units);
  if (facts) {
    facts->open_fds = count_descriptors();
    rlimit limit{};
    facts->max_fds = ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
  }
  return facts;
#else
  return std::nullopt;
#endif
}

std::vector<Family> process_families(const ProcessFacts& facts) {
  const auto number = [](std::uint64_t value) { return static_cast<double>(value); };
  return {
      single(BP_METRIC_COUNTER, "process_cpu_seconds",
             "User and system CPU time spent by the process.", "seconds", facts.cpu_seconds,
             facts.start_time_seconds),
      single(BP_METRIC_GAUGE, "process_max_fds", "Limit of open file descriptors.", {},
             number(facts.max_fds)),
      single(BP_METRIC_GAUGE, "process_open_fds", "Open file descriptors.", {},
             number(facts.open_fds)),
      single(BP_METRIC_GAUGE, "process_resident_memory_bytes", "Resident memory.", "bytes",
             number(facts.resident_memory_bytes)),
      single(BP_METRIC_GAUGE, "process_start_time_seconds",
             "Start of the process in seconds since 1970.", "seconds", facts.start_time_seconds),
      single(BP_METRIC_GAUGE, "process_threads", "Threads of the process.", {},
             number(facts.threads)),
      single(BP_METRIC_GAUGE, "process_virtual_memory_bytes", "Virtual memory.", "bytes",
             number(facts.virtual_memory_bytes)),
  };
}

}  // namespace metrics_prometheus
