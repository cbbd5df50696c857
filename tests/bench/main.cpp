// tests/bench/main.cpp - backplane-bench: the promises of the bus, measured on this machine.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "tests/bench/instructions/counts.hpp"
#include "tests/bench/ours/ours.hpp"
#include "tests/bench/peers/peers.hpp"
#include "tests/bench/race/race.hpp"
#include "tests/bench/race/report.hpp"

namespace bench {

namespace {

constexpr int exit_failed = 1;
constexpr int exit_usage = 64;
constexpr int exit_cannot_write = 74;
constexpr unsigned rounds_max = 1'000;
constexpr double quick_round_ms = 2;
constexpr std::uint64_t quick_plugins_loaded = 40;

constexpr const char* help = R"(Measures what backplane promises, and its peers in the same run.

Usage: {} [ROW...] [--rounds N] [--json FILE] [--instructions FILE] [--quick] [--list]

  ROW                  only these rows; nothing: all (--list names them)
  --rounds N           interleaved rounds, of which the median counts; 7 unless said
  --json FILE          also write the figures as JSON; - writes only them, to standard output
  --instructions FILE  instruction counts made by tests/bench/instructions/check.py
  --quick              one short round: shows that everything works, measures nothing
  --list               the rows

Each consumer is a plugin in a file of its own, reading every message. Times are medians, and say
nothing about another run: the ratios do. Exit code 0 when all rows ran, met or not.

Example:
  {} one_thread broadcast --rounds 11 --json bench.json
)";

struct Words {
  std::vector<std::string> rows;
  Effort effort;
  std::string json;
  std::string instructions;
  bool quick = false;
  bool list = false;
  bool help = false;
  std::string mistake;
};

Words parse(const std::vector<std::string>& arguments) {
  Words words;
  bool rounds_given = false;
  for (std::size_t i = 0; i < arguments.size() && words.mistake.empty(); ++i) {
    const std::string& word = arguments[i];
    const bool takes_value = word == "--rounds" || word == "--json" || word == "--instructions";
    const std::string value = takes_value && i + 1 < arguments.size() ? arguments[i + 1] : "";
    if (takes_value && ++i >= arguments.size()) {
      words.mistake = word + " needs a value";
    } else if (word == "--rounds") {
      rounds_given = true;
      const auto [end, failed] =
          std::from_chars(value.data(), value.data() + value.size(), words.effort.rounds);
      if (failed != std::errc() || end != value.data() + value.size() || words.effort.rounds == 0 ||
          words.effort.rounds > rounds_max) {
        words.mistake = fmt::format("--rounds '{}': a number from 1 to {}", value, rounds_max);
      }
    } else if (word == "--json") {
      words.json = value;
    } else if (word == "--instructions") {
      words.instructions = value;
    } else if (word == "--quick") {
      words.quick = true;
    } else if (word == "--list") {
      words.list = true;
    } else if (word == "--help" || word == "-h") {
      words.help = true;
    } else if (word.starts_with("-")) {
      words.mistake = "no option '" + word + "'";
    } else {
      words.rows.push_back(word);
    }
  }
  if (words.quick) {
    words.effort.round_ms = quick_round_ms;
    words.effort.rounds = rounds_given ? words.effort.rounds : 1;
  }
  return words;
}

std::vector<Row> wanted_rows(Words& words) {
  std::vector<Row> all = all_rows();
  for (const std::string& name : words.rows) {
    if (std::ranges::none_of(all, [&name](const Row& row) { return row.name == name; })) {
      words.mistake = "no row '" + name + "'; --list names them";
    }
  }
  if (!words.rows.empty()) {
    std::erase_if(all, [&words](const Row& row) {
      return std::ranges::find(words.rows, row.name) == words.rows.end();
    });
  }
  return all;
}

Contenders all_contenders(Place& place, const Words& words, Peers& peers) {
  Contenders all = channel_contenders(place);
  append(all, service_contenders(place));
  append(all, lookup_contenders());
  append(all, metric_contenders(place));
  std::vector<std::string> loaders{"backplane"};
  loaders.insert(loaders.end(), peers.loaders.begin(), peers.loaders.end());
  append(all, load_contenders(place, words.quick ? quick_plugins_loaded : plugins_loaded, loaders));
  append(all, instruction_contenders(words.instructions));
  append(all, std::move(peers.contenders));
  return all;
}

// What failed is told, apart from what is not there.
bool tell_failures(const Row& row, const Results& results) {
  bool failed = false;
  for (const auto& [name, series] : results) {
    if (!series.problem.empty()) {
      fmt::print(stderr, "backplane-bench: {}: {}: {}\n", row.name, name, series.problem);
      failed = true;
    }
  }
  return failed;
}

int run(Words& words, const std::vector<Row>& rows) {
  const bool table = words.json != "-";
  const Machine machine = this_machine();
  Place place(own_folder());
  Peers peers = all_peers();
  std::vector<std::string> absent = peers.missing;
  append_absent_instructions(absent);
  const Contenders contenders = all_contenders(place, words, peers);
  if (table) {
    print_head(machine, words.effort);
  }
  bool failed = false;
  std::vector<Verdict> all;
  for (const Row& row : rows) {
    const Results results = race(row, contenders, words.effort);
    const std::vector<Verdict> verdicts = judge(row, results, absent);
    if (table) {
      print_row(row, verdicts);
    }
    failed = tell_failures(row, results) || failed;
    all.insert(all.end(), verdicts.begin(), verdicts.end());
  }
  const std::string json = to_json(machine, words.effort, all);
  if (!table) {
    fmt::print("{}", json);
  } else {
    print_end(all);
  }
  if (table && !words.json.empty() && !(std::ofstream(words.json) << json).flush()) {
    fmt::print(stderr, "backplane-bench: cannot write '{}'\n", words.json);
    return exit_cannot_write;
  }
  return failed ? exit_failed : 0;
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

int begin(const std::vector<std::string>& arguments) {
  if (arguments.size() == 3 && arguments[0] == "--load") {
    return load(arguments[1], arguments[2]);
  }
  Words words = parse(arguments);
  const std::vector<Row> rows = wanted_rows(words);
  // `backplane bench` runs this program under its own name.
  const char* given = std::getenv("BACKPLANE_BENCH_NAME");
  const std::string name = given != nullptr ? given : "backplane-bench";
  if (!words.mistake.empty()) {
    fmt::print(stderr, "{}: {}; --help tells more\n", name, words.mistake);
    return exit_usage;
  }
  if (words.help) {
    fmt::print(fmt::runtime(help), name, name);
    return 0;
  }
  if (words.list) {
    for (const Row& row : rows) {
      fmt::print("{:<14} {}\n", row.name, row.work);
    }
    return 0;
  }
  return run(words, rows);
}

}  // namespace

}  // namespace bench

int main(int argc, char** argv) {
  try {
    return bench::begin({argv + 1, argv + argc});
  } catch (const std::exception& problem) {
    fmt::print(stderr, "backplane-bench: {}\n", problem.what());
    return 1;
  }
}
