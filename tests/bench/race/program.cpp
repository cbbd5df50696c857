// tests/bench/race/program.cpp - reads the arguments, races row after row, tells and keeps the
// figures.
#include "tests/bench/race/program.hpp"

#include <algorithm>
#include <charconv>
#include <exception>
#include <fstream>

#include <fmt/format.h>

#include "tests/bench/race/report.hpp"

namespace bench {

namespace {

constexpr int exit_failed = 1;
constexpr int exit_usage = 64;
constexpr double quick_round_ms = 2;
constexpr unsigned rounds_max = 1'000;

struct Words {
  std::vector<Row> rows;
  Effort effort;
  std::string json;
  bool help = false;
  std::string mistake;
};

std::string help_of(const Program& program) {
  std::string names;
  for (const Row& row : program.rows) {
    names += (names.empty() ? "" : ", ") + row.name;
  }
  return fmt::format(
      "Usage: {} [ROW...] [--rounds N] [--json FILE] [--quick]\n\n"
      "ROW: {}; nothing: all. --quick: one short round, which shows that everything works\n"
      "and measures nothing.\n{}\nExample: {} {} --rounds 11 --json figures.json\n",
      program.name, names, program.note, program.name, program.rows.front().name);
}

void read_rounds(const std::string& text, Words& words) {
  const char* last = text.data() + text.size();
  const auto [end, failed] = std::from_chars(text.data(), last, words.effort.rounds);
  if (failed != std::errc() || end != last || words.effort.rounds == 0 ||
      words.effort.rounds > rounds_max) {
    words.mistake = fmt::format("--rounds '{}': a number from 1 to {}", text, rounds_max);
  }
}

void read_row(const Program& program, const std::string& name, Words& words) {
  const auto found = std::ranges::find(program.rows, name, &Row::name);
  if (found == program.rows.end()) {
    words.mistake = "no row '" + name + "'";
  } else {
    words.rows.push_back(*found);
  }
}

Words read(const Program& program, const std::vector<std::string>& arguments) {
  Words words{.rows = {},
              .effort = {.rounds = program.rounds, .round_ms = program.round_ms},
              .json = {},
              .help = false,
              .mistake = {}};
  for (std::size_t i = 0; i < arguments.size() && words.mistake.empty(); ++i) {
    const std::string& word = arguments[i];
    if ((word == "--rounds" || word == "--json") && i + 1 == arguments.size()) {
      words.mistake = word + " needs a value";
    } else if (word == "--json") {
      words.json = arguments[++i];
    } else if (word == "--rounds") {
      read_rounds(arguments[++i], words);
    } else if (word == "--quick") {
      words.effort = {.rounds = 1, .round_ms = quick_round_ms};
    } else if (word == "--help" || word == "-h") {
      words.help = true;
    } else if (word.starts_with("-")) {
      words.mistake = "no option '" + word + "'";
    } else {
      read_row(program, word, words);
    }
  }
  if (words.rows.empty()) {
    words.rows = program.rows;
  }
  return words;
}

// False: a contender failed.
bool race_all(const Words& words, const Contenders& contenders, std::vector<Verdict>& all) {
  bool good = true;
  for (const Row& row : words.rows) {
    const Results results = race(row, contenders, words.effort);
    for (const auto& [name, series] : results) {
      if (!series.problem.empty()) {
        fmt::print(stderr, "{}: {}: {}\n", row.name, name, series.problem);
        good = false;
      }
    }
    const std::vector<Verdict> verdicts = judge(row, results, {});
    print_row(row, verdicts);
    all.insert(all.end(), verdicts.begin(), verdicts.end());
  }
  return good;
}

}  // namespace

int run_program(const Program& program, int argc, char** argv,
                const std::function<Contenders()>& contenders) {
  try {
    const Words words = read(program, {argv + 1, argv + argc});
    if (words.help) {
      fmt::print("{}", help_of(program));
      return 0;
    }
    if (!words.mistake.empty()) {
      fmt::print(stderr, "{}: {}\n{}", program.name, words.mistake, help_of(program));
      return exit_usage;
    }
    const Machine machine = this_machine();
    const Contenders all_contenders = contenders();
    print_head(machine, words.effort);
    std::vector<Verdict> all;
    bool good = race_all(words, all_contenders, all);
    print_end(all);
    if (!words.json.empty()) {
      good = (std::ofstream(words.json) << to_json(machine, words.effort, all)).flush() && good;
    }
    return good ? 0 : exit_failed;
  } catch (const std::exception& problem) {
    fmt::print(stderr, "{}: {}\n", program.name, problem.what());
    return exit_failed;
  }
}

}  // namespace bench
