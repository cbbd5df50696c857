// tests/bench/storage/main.cpp - backplane-bench-storage: the promises of storage_sqlite, measured
// on this machine.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "tests/bench/ours/place.hpp"
#include "tests/bench/race/race.hpp"
#include "tests/bench/race/report.hpp"
#include "tests/bench/storage/ours.hpp"
#include "tests/bench/storage/raw.hpp"
#include "tests/bench/storage/rows.hpp"

namespace bench {

namespace {

constexpr int exit_failed = 1;
constexpr int exit_usage = 64;
constexpr double round_ms = 250;  // some flushes of a slow disk
constexpr double quick_round_ms = 2;
constexpr unsigned rounds_max = 1'000;

constexpr const char* help =
    R"(Usage: backplane-bench-storage [ROW...] [--rounds N] [--json FILE] [--quick]

ROW: write_disk, write_os, get; nothing: all. --quick: one short round, which shows that everything
works and measures nothing. Databases lie in TMPDIR: name a folder on the disk that you mean.
)";

struct Words {
  std::vector<std::string> rows;
  Effort effort{.rounds = 7, .round_ms = round_ms};
  std::string json;
  std::string mistake;
};

Words parse(const std::vector<std::string>& arguments) {
  Words words;
  for (std::size_t i = 0; i < arguments.size() && words.mistake.empty(); ++i) {
    const std::string& word = arguments[i];
    const bool takes_value = word == "--rounds" || word == "--json";
    if (takes_value && i + 1 == arguments.size()) {
      words.mistake = word + " needs a value";
    } else if (word == "--json") {
      words.json = arguments[++i];
    } else if (word == "--rounds") {
      const std::string& text = arguments[++i];
      const char* last = text.data() + text.size();
      const auto [end, failed] = std::from_chars(text.data(), last, words.effort.rounds);
      if (failed != std::errc() || end != last || words.effort.rounds == 0 ||
          words.effort.rounds > rounds_max) {
        words.mistake = fmt::format("--rounds '{}': a number from 1 to {}", text, rounds_max);
      }
    } else if (word == "--quick") {
      words.effort = {.rounds = 1, .round_ms = quick_round_ms};
    } else if (word.starts_with("-")) {
      words.mistake = "no option '" + word + "'";
    } else {
      words.rows.push_back(word);
    }
  }
  return words;
}

std::vector<Row> wanted_rows(Words& words) {
  std::vector<Row> rows = storage_rows();
  for (const std::string& name : words.rows) {
    if (std::ranges::find(rows, name, &Row::name) == rows.end()) {
      words.mistake = "no row '" + name + "'";
    }
  }
  if (!words.rows.empty()) {
    std::erase_if(rows, [&](const Row& row) {
      return std::ranges::find(words.rows, row.name) == words.rows.end();
    });
  }
  return rows;
}

int run(const std::vector<std::string>& arguments) {
  Words words = parse(arguments);
  const std::vector<Row> rows = wanted_rows(words);
  if (!words.mistake.empty()) {
    fmt::print(stderr, "backplane-bench-storage: {}\n{}", words.mistake, help);
    return exit_usage;
  }
  const Machine machine = this_machine();
  Place place(own_folder());
  Contenders contenders = storage_contenders(BENCH_STORAGE);
  append(contenders, raw_contenders(place));
  print_head(machine, words.effort);
  bool failed = false;
  std::vector<Verdict> all;
  for (const Row& row : rows) {
    const Results results = race(row, contenders, words.effort);
    for (const auto& [name, series] : results) {
      if (!series.problem.empty()) {
        fmt::print(stderr, "{}: {}: {}\n", row.name, name, series.problem);
        failed = true;
      }
    }
    const std::vector<Verdict> verdicts = judge(row, results, {});
    print_row(row, verdicts);
    all.insert(all.end(), verdicts.begin(), verdicts.end());
  }
  print_end(all);
  if (!words.json.empty()) {
    failed = !(std::ofstream(words.json) << to_json(machine, words.effort, all)).flush() || failed;
  }
  return failed ? exit_failed : 0;
}

}  // namespace

}  // namespace bench

int main(int argc, char** argv) {
  try {
    return bench::run({argv + 1, argv + argc});
  } catch (const std::exception& problem) {
    fmt::print(stderr, "backplane-bench-storage: {}\n", problem.what());
    return bench::exit_failed;
  }
}
