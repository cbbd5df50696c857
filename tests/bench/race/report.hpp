// tests/bench/race/report.hpp - the table for people and the JSON for programs.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/race/race.hpp"

namespace bench {

struct Machine {
  unsigned cores = 0;
  std::string cpu;
  std::string kernel;
  std::string compiler;
  double load = 0;  // average of the last minute, before the run
};

[[nodiscard]] Machine this_machine();

void print_head(const Machine& machine, const Effort& effort);
void print_row(const Row& row, const std::vector<Verdict>& verdicts);

// How many promises were met, not met and not measured.
void print_end(const std::vector<Verdict>& verdicts);

[[nodiscard]] std::string to_json(const Machine& machine, const Effort& effort,
                                  const std::vector<Verdict>& verdicts);

}  // namespace bench
