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
  std::string about;  // the first lines of --help
  std::vector<Row> rows;
  Effort effort{};
  bool counts_instructions = false;  // takes a file of counts
  std::string note{};                // lines of --help after the options
};

// What the contenders may want to know of the arguments.
struct Asked {
  bool quick = false;
  std::string instructions;  // a file; empty: none
};

struct Field {
  Contenders contenders;
  std::vector<std::string> absent{};  // "peer: why"
};

// `field` is asked once, when the arguments are good.
[[nodiscard]] int run_program(const Program& program, const std::vector<std::string>& arguments,
                              const std::function<Field(const Asked&)>& field);

}  // namespace bench
