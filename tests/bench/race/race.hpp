// tests/bench/race/race.hpp - runs the contenders of a row in turn, round after round.
//
// Owns: nothing. Thread: the main one. Errors: a contender that fails is out; its problem is kept.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/bench/race/contender.hpp"
#include "tests/bench/race/rows.hpp"

namespace bench {

struct Effort {
  unsigned rounds = 7;
  double round_ms = 40;  // of one contender
};

struct Series {
  std::vector<Sample> samples;  // one a round
  std::string problem;          // why there are none
};

// By contender's name.
using Results = std::map<std::string, Series>;

[[nodiscard]] Results race(const Row& row, const Contenders& contenders, const Effort& effort);

struct Spread {
  double median = 0;
  double min = 0;
  double max = 0;
};

[[nodiscard]] Spread spread_of(std::vector<double> values);

struct Verdict {
  std::string row;
  Comparison comparison;
  Spread ours;
  Spread peer;
  Spread ratio;         // peer / ours of each round; for `cost` ours / peer; none without a peer
  std::string problem;  // not measured, and why
  bool met = false;     // only with a promise

  [[nodiscard]] bool measured() const { return problem.empty(); }

  [[nodiscard]] bool promised() const { return comparison.relation != Relation::report; }
};

// `absent`: what to say of a peer that this build does not have.
[[nodiscard]] std::vector<Verdict> judge(const Row& row, const Results& results,
                                         const std::vector<std::string>& absent);

}  // namespace bench
