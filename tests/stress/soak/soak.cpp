// tests/stress/soak/soak.cpp - mixed traffic of eight plugins for as long as one likes, and the
// memory it takes meanwhile: `stress_soak [seconds]`.
//
// Prints a table of samples. Exit code 1 when memory grows, or the books do not balance in the end.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "host/message/pool.hpp"
#include "host/registry/registry.hpp"
#include "host/supervisor/supervisor.hpp"
#include "tests/stress/traffic/theatre.hpp"

namespace {

using stress::channel_plans;
using stress::channels;

constexpr unsigned seconds_default = 5;
constexpr unsigned samples = 24;
// Threads leave room for others, and no backlog comes from want of processors.
constexpr std::uint64_t pace_ns = 100'000;
// What the heap may hold more at the end than early on: its own rounding, not a leak of minutes.
constexpr std::size_t growth_bytes_max = std::size_t{8} << 20U;

struct Sample {
  double seconds = 0;
  std::size_t resident_bytes = 0;
  std::size_t pool_bytes = 0;
  std::uint64_t accepted = 0;
  std::uint64_t waiting = 0;
  std::uint64_t ends = 0;
  std::uint64_t leases = 0;
  std::uint64_t calls = 0;
};

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t whole = 0;
  std::size_t resident = 0;
  file >> whole >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

Sample take(stress::Theatre& theatre, double seconds) {
  Sample sample;
  sample.seconds = seconds;
  sample.resident_bytes = resident_bytes();
  sample.pool_bytes = theatre.crew().world().pool().bytes_in_use();
  for (std::size_t i = 0; i < channels; ++i) {
    sample.accepted += theatre.scene().ledger.accepted_of(i);
    if (const auto found = theatre.crew().world().registry().find_channel(channel_plans[i].name)) {
      const auto stats = found->channel->stats();
      sample.waiting += stats.depth;
      sample.ends += stats.senders + stats.receivers;
    }
  }
  for (const auto& status : theatre.crew().world().statuses()) {
    sample.leases += status.holds.leases;
    sample.calls += status.holds.calls_made + status.holds.calls_to_answer;
  }
  return sample;
}

void print(const Sample& sample) {
  constexpr double mib = 1024.0 * 1024.0;
  fmt::print("{:8.1f} {:10.1f} {:10.2f} {:14} {:9} {:6} {:8} {:8}\n", sample.seconds,
             static_cast<double>(sample.resident_bytes) / mib,
             static_cast<double>(sample.pool_bytes) / mib, sample.accepted, sample.waiting,
             sample.ends, sample.leases, sample.calls);
  std::fflush(stdout);
}

std::size_t median_resident(std::vector<Sample> some) {
  const auto middle = some.begin() + static_cast<std::ptrdiff_t>(some.size() / 2);
  std::ranges::nth_element(some, middle, {}, &Sample::resident_bytes);
  return middle->resident_bytes;
}

// Empty: it is flat. The first third warms up.
std::string growth(const std::vector<Sample>& all) {
  const std::size_t third = all.size() / 3;
  const std::size_t before = median_resident({all.begin() + static_cast<std::ptrdiff_t>(third),
                                              all.end() - static_cast<std::ptrdiff_t>(third)});
  const std::size_t after =
      median_resident({all.end() - static_cast<std::ptrdiff_t>(third), all.end()});
  return after > before + growth_bytes_max
             ? fmt::format("memory grew from {} to {} bytes\n", before, after)
             : "";
}

int soak(unsigned seconds) {
  stress::Theatre theatre(stress::seed(), 0);
  theatre.scene().pace_ns.store(pace_ns);
  fmt::print("{:>8} {:>10} {:>10} {:>14} {:>9} {:>6} {:>8} {:>8}\n", "s", "RSS MiB", "pool MiB",
             "accepted", "waiting", "ends", "leases", "calls");
  const auto began = std::chrono::steady_clock::now();
  std::vector<Sample> all;
  for (unsigned i = 1; i <= samples && theatre.scene().findings().empty(); ++i) {
    const double at = static_cast<double>(seconds) * i / samples;
    std::this_thread::sleep_until(began +
                                  std::chrono::microseconds(static_cast<std::int64_t>(at * 1e6)));
    all.push_back(take(theatre, at));
    print(all.back());
  }
  std::string wrong = growth(all);
  wrong += theatre.rest();
  fmt::print("{}\n{}", theatre.report(), wrong);
  return wrong.empty() ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  unsigned seconds = seconds_default;
  if (count > 1) {
    const char* end = arguments[1] + std::strlen(arguments[1]);
    if (std::from_chars(arguments[1], end, seconds).ptr != end || seconds == 0) {
      fmt::print(stderr, "usage: {} [seconds]\n", arguments[0]);
      return 2;
    }
  }
  try {
    return soak(seconds);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
  }
}
