// tests/bench/race/program.hpp - a program of some rows: its arguments, its races, its exit code.
//
// Owns: nothing. Thread: the main one. Errors: as exit codes, and words on standard error.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/bench/race/race.hpp"

namespace bench {

struct Program {
  std::string name;
  std::vector<Row> rows;
  double round_ms = 0;
  unsigned rounds = 7;
  std::string note;  // the last lines of --help
};

// `contenders` is asked once, when the arguments are good.
[[nodiscard]] int run_program(const Program& program, int argc, char** argv,
                              const std::function<Contenders()>& contenders);

}  // namespace bench
