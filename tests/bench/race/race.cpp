// tests/bench/race/race.cpp - calibrates each contender once, then takes turns.
#include "tests/bench/race/race.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "tests/bench/race/measure.hpp"

namespace bench {

namespace {

constexpr std::chrono::milliseconds settle{3};  // threads of the one before go to sleep
constexpr double calibration_share = 0.2;       // of a round, before the count is settled
constexpr std::uint64_t count_first = 64;
constexpr std::uint64_t count_limit = std::uint64_t{1} << 26U;

struct Runner {
  const Contender* contender = nullptr;
  Round round;
  std::uint64_t count = 0;
};

// How many operations fill a round.
std::uint64_t calibrate(const Runner& runner, const Effort& effort) {
  const std::uint64_t limit =
      runner.contender->count_max > 0 ? runner.contender->count_max : count_limit;
  for (std::uint64_t count = count_first;; count *= 4) {
    if (count >= limit) {
      return limit;
    }
    const std::uint64_t begin = bench_now_ns();
    runner.round(count);
    const double elapsed_ms = static_cast<double>(bench_now_ns() - begin) / 1e6;
    if (elapsed_ms > effort.round_ms * calibration_share) {
      const double wanted = static_cast<double>(count) * effort.round_ms / elapsed_ms;
      return std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, limit);
    }
  }
}

void prepare(std::vector<Runner>& runners, Results& results, const Effort& effort) {
  for (Runner& runner : runners) {
    try {
      runner.round = runner.contender->prepare();
      runner.count = calibrate(runner, effort);
    } catch (const std::exception& problem) {
      results[runner.contender->name].problem = problem.what();
      runner.round = nullptr;
    }
    std::this_thread::sleep_for(settle);
  }
}

void run_once(Runner& runner, Series& series) {
  if (!runner.round) {
    return;
  }
  try {
    series.samples.push_back(runner.round(runner.count));
  } catch (const std::exception& problem) {
    series.samples.clear();
    series.problem = problem.what();
    runner.round = nullptr;
  }
  std::this_thread::sleep_for(settle);
}

std::string absence(const std::string& name, const std::vector<std::string>& absent) {
  for (const std::string& text : absent) {
    if (name.starts_with(text.substr(0, text.find(':')))) {
      return "not measured: " + text;
    }
  }
  return "not measured: this build has no " + name;
}

double figure_of(const Sample& sample, Figure figure) {
  return figure == Figure::main ? sample.ns : sample.other;
}

std::vector<double> figures_of(const Series& series, Figure figure) {
  std::vector<double> figures;
  for (const Sample& sample : series.samples) {
    figures.push_back(figure_of(sample, figure));
  }
  return figures;
}

// Null: with the reason in `problem`.
const Series* find(const Results& results, const std::string& name,
                   const std::vector<std::string>& absent, std::string& problem) {
  const auto found = results.find(name);
  if (found == results.end()) {
    problem = absence(name, absent);
    return nullptr;
  }
  if (!found->second.problem.empty()) {
    problem = name + ": " + found->second.problem;
    return nullptr;
  }
  return &found->second;
}

bool is_met(const Verdict& verdict) {
  const double bound = verdict.comparison.bound;
  switch (verdict.comparison.relation) {
    case Relation::at_most:
      return verdict.ours.median <= bound;
    case Relation::faster:
      return verdict.ratio.median >= bound;
    case Relation::cost:
      return verdict.ratio.median <= bound;
    case Relation::more:
      return verdict.ours.median - verdict.peer.median <= bound;
    case Relation::report:
      break;
  }
  return false;
}

}  // namespace

Results race(const Row& row, const Contenders& contenders, const Effort& effort) {
  std::optional<Processors> one;
  if (row.one_core) {
    one.emplace(0);
  }
  Results results;
  std::vector<Runner> runners;
  for (const Contender& contender : contenders) {
    if (contender.row == row.name) {
      runners.push_back({&contender, nullptr, 0});
      results[contender.name] = {};
    }
  }
  prepare(runners, results, effort);
  for (unsigned round = 0; round < effort.rounds; ++round) {
    for (Runner& runner : runners) {
      run_once(runner, results[runner.contender->name]);
    }
  }
  return results;
}

Spread spread_of(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
  return {median, values.front(), values.back()};
}

std::vector<Verdict> judge(const Row& row, const Results& results,
                           const std::vector<std::string>& absent) {
  std::vector<Verdict> verdicts;
  for (const Comparison& comparison : row.comparisons) {
    Verdict verdict;
    verdict.row = row.name;
    verdict.comparison = comparison;
    const Series* ours = find(results, comparison.ours, absent, verdict.problem);
    const Series* peer = nullptr;
    if (ours != nullptr) {
      const std::vector<double> figures = figures_of(*ours, comparison.figure);
      verdict.ours = spread_of(figures);
      peer = comparison.peer.empty() ? nullptr
                                     : find(results, comparison.peer, absent, verdict.problem);
      if (peer != nullptr) {
        const std::vector<double> others = figures_of(*peer, comparison.figure);
        verdict.peer = spread_of(others);
        std::vector<double> ratios;
        for (std::size_t i = 0; i < figures.size(); ++i) {
          ratios.push_back(comparison.relation == Relation::cost ? figures[i] / others[i]
                                                                 : others[i] / figures[i]);
        }
        verdict.ratio = spread_of(std::move(ratios));
      }
    }
    verdict.met = verdict.measured() && is_met(verdict);
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

}  // namespace bench
