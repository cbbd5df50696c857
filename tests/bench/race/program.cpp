// tests/bench/race/program.cpp - reads the arguments, races row after row, tells and keeps the
// figures.
#include "tests/bench/race/program.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iterator>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "tests/bench/race/report.hpp"

namespace bench {

namespace {

constexpr int exit_failed = 1;
constexpr int exit_usage = 64;
constexpr int exit_cannot_write = 74;
constexpr unsigned rounds_max = 1'000;
constexpr double quick_round_ms = 2;

constexpr const char* instructions_help =
    "\n  --instructions FILE  instruction counts made by tests/bench/instructions/check.py";

constexpr const char* help = R"({about}

Usage: {name} [ROW...] [--rounds N] [--json FILE]{usage} [--quick] [--list]

  ROW                  only these rows; nothing: all (--list names them)
  --rounds N           interleaved rounds, of which the median counts; {rounds} unless said
  --json FILE          also write the figures as JSON; - writes only them, to standard output{more}
  --quick              one short round: shows that everything works, measures nothing
  --list               the rows

{note}Times are medians, and say nothing about another run: the ratios do. Exit code 0 when all
rows ran, met or not.

Example:
  {name} {row} --rounds 11 --json bench.json
)";

struct Words {
  std::vector<Row> rows;
  Effort effort;
  std::string json;
  Asked asked;
  bool list = false;
  bool help = false;
  std::string mistake;
};

void read_rounds(const std::string& text, Words& words) {
  const char* last = text.data() + text.size();
  const auto [end, failed] = std::from_chars(text.data(), last, words.effort.rounds);
  if (failed != std::errc() || end != last || words.effort.rounds == 0 ||
      words.effort.rounds > rounds_max) {
    words.mistake = fmt::format("--rounds '{}': a number from 1 to {}", text, rounds_max);
  }
}

// False: no option that has a value.
bool read_valued(const std::string& option, const std::string& value, Words& words) {
  if (option == "--rounds") {
    read_rounds(value, words);
  } else if (option == "--json") {
    words.json = value;
  } else if (option == "--instructions") {
    words.asked.instructions = value;
  } else {
    return false;
  }
  return true;
}

bool read_flag(std::string_view option, Words& words) {
  if (option == "--quick") {
    words.asked.quick = true;
  } else if (option == "--list") {
    words.list = true;
  } else if (option == "--help" || option == "-h") {
    words.help = true;
  } else {
    return false;
  }
  return true;
}

Words read(const Program& program, const std::vector<std::string>& arguments) {
  Words words{.rows = {},
              .effort = program.effort,
              .json = {},
              .asked = {},
              .list = false,
              .help = false,
              .mistake = {}};
  std::set<std::string> named;
  bool rounds_given = false;
  for (std::size_t i = 0; i < arguments.size() && words.mistake.empty(); ++i) {
    const std::string& word = arguments[i];
    const bool valued = word == "--rounds" || word == "--json" ||
                        (word == "--instructions" && program.counts_instructions);
    if (valued && i + 1 == arguments.size()) {
      words.mistake = word + " needs a value";
    } else if (valued && read_valued(word, arguments[i + 1], words)) {
      rounds_given = rounds_given || word == "--rounds";
      ++i;
    } else if (read_flag(word, words)) {
      continue;
    } else if (word.starts_with("-")) {
      words.mistake = "no option '" + word + "'";
    } else if (std::ranges::find(program.rows, word, &Row::name) == program.rows.end()) {
      words.mistake = "no row '" + word + "'; --list names them";
    } else {
      named.insert(word);
    }
  }
  std::ranges::copy_if(program.rows, std::back_inserter(words.rows), [&named](const Row& row) {
    return named.empty() || named.contains(row.name);
  });
  if (words.asked.quick) {
    words.effort = {.rounds = rounds_given ? words.effort.rounds : 1, .round_ms = quick_round_ms};
  }
  return words;
}

void print_help(const Program& program, const std::string& name) {
  using fmt::arg;
  fmt::print(fmt::runtime(help), arg("about", program.about), arg("name", name),
             arg("usage", program.counts_instructions ? " [--instructions FILE]" : ""),
             arg("rounds", program.effort.rounds),
             arg("more", program.counts_instructions ? instructions_help : ""),
             arg("note", program.note), arg("row", program.rows.front().name));
}

// What failed is told, apart from what is not there.
bool tell_failures(const std::string& program, const Row& row, const Results& results) {
  bool failed = false;
  for (const auto& [name, series] : results) {
    if (!series.problem.empty()) {
      fmt::print(stderr, "{}: {}: {}: {}\n", program, row.name, name, series.problem);
      failed = true;
    }
  }
  return failed;
}

int race_all(const Program& program, const Words& words, const Field& field) {
  const bool table = words.json != "-";
  const Machine machine = this_machine();
  if (table) {
    print_head(machine, words.effort);
  }
  bool failed = false;
  std::vector<Verdict> all;
  for (const Row& row : words.rows) {
    const Results results = race(row, field.contenders, words.effort);
    const std::vector<Verdict> verdicts = judge(row, results, field.absent);
    if (table) {
      print_row(row, verdicts);
    }
    failed = tell_failures(program.name, row, results) || failed;
    all.insert(all.end(), verdicts.begin(), verdicts.end());
  }
  const std::string json = to_json(machine, words.effort, all);
  if (!table) {
    fmt::print("{}", json);
  } else {
    print_end(all);
  }
  if (table && !words.json.empty() && !(std::ofstream(words.json) << json).flush()) {
    fmt::print(stderr, "{}: cannot write '{}'\n", program.name, words.json);
    return exit_cannot_write;
  }
  return failed ? exit_failed : 0;
}

}  // namespace

int run_program(const Program& program, const std::vector<std::string>& arguments,
                const std::function<Field(const Asked&)>& field) {
  try {
    const Words words = read(program, arguments);
    // `backplane bench` and scripts/bench run these programs under their own names.
    const char* given = std::getenv("BACKPLANE_BENCH_NAME");
    const std::string name = given != nullptr ? given : program.name;
    if (!words.mistake.empty()) {
      fmt::print(stderr, "{}: {}; --help tells more\n", name, words.mistake);
      return exit_usage;
    }
    if (words.help) {
      print_help(program, name);
      return 0;
    }
    if (words.list) {
      for (const Row& row : words.rows) {
        fmt::print("{:<14} {}\n", row.name, row.work);
      }
      return 0;
    }
    return race_all(program, words, field(words.asked));
  } catch (const std::exception& problem) {
    fmt::print(stderr, "{}: {}\n", program.name, problem.what());
    return exit_failed;
  }
}

}  // namespace bench
