// tests/bench/main.cpp - backplane-bench: the promises of the bus, measured on this machine.
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tests/bench/instructions/counts.hpp"
#include "tests/bench/ours/ours.hpp"
#include "tests/bench/peers/peers.hpp"
#include "tests/bench/race/program.hpp"

namespace bench {

namespace {

constexpr int exit_failed = 1;
constexpr int exit_usage = 64;
constexpr std::uint64_t quick_plugins_loaded = 40;

Field bus(Place& place, const Asked& asked) {
  Peers peers = all_peers();
  Field field{channel_contenders(place), std::move(peers.missing)};
  append_absent_instructions(field.absent);
  Contenders& all = field.contenders;
  append(all, service_contenders(place));
  append(all, lookup_contenders());
  append(all, metric_contenders(place));
  std::vector<std::string> loaders{"backplane"};
  loaders.insert(loaders.end(), peers.loaders.begin(), peers.loaders.end());
  append(all, load_contenders(place, asked.quick ? quick_plugins_loaded : plugins_loaded, loaders));
  append(all, instruction_contenders(asked.instructions));
  append(all, std::move(peers.contenders));
  return field;
}

int load(const std::string& who, const std::string& folder) {
  if (who == "backplane") {
    load_ours(folder);
  } else if (who == "dlopen") {
    load_dlopen(folder);
#ifdef BENCH_HAS_BOOST
  } else if (who == "Boost.DLL") {
    load_boost_dll(folder);
#endif
  } else {
    return exit_usage;
  }
  std::fflush(stdout);
  return 0;
}

// `--load WHO FOLDER`: the child processes of the row `load`.
int load_only(const std::vector<std::string>& arguments) {
  try {
    return load(arguments[1], arguments[2]);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "backplane-bench: {}\n", problem.what());
    return exit_failed;
  }
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() == 3 && arguments[0] == "--load") {
    return load_only(arguments);
  }
  std::optional<Place> place;
  return run_program(
      {.name = "backplane-bench",
       .about = "Measures what backplane promises, and its peers in the same run.",
       .rows = all_rows(),
       .counts_instructions = true,
       .note = "Each consumer is a plugin in a file of its own, reading every "
               "message.\n"},
      arguments, [&place](const Asked& asked) { return bus(place.emplace(own_folder()), asked); });
}

}  // namespace

}  // namespace bench

int main(int argc, char** argv) {
  return bench::run({argv + 1, argv + argc});
}
