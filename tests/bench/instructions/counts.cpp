// tests/bench/instructions/counts.cpp - reads what check.py wrote.
#include "tests/bench/instructions/counts.hpp"

#include <fstream>

namespace bench {

Contenders instruction_contenders(const std::string& file) {
  Contenders all;
  if (file.empty()) {
    return all;
  }
  std::ifstream lines(file);
  if (!lines) {
    throw std::runtime_error("cannot read the instruction counts '" + file + "'");
  }
  std::string name;
  double count = 0;
  while (lines >> name >> count) {
    all.push_back(
        {"instructions", "count " + name,
         [count]() -> Round { return [count](std::uint64_t) { return Sample{count, 0}; }; }, 1});
  }
  return all;
}

void append_absent_instructions(std::vector<std::string>& absent) {
  absent.emplace_back("count: needs valgrind and --instructions; scripts/bench does both");
}

}  // namespace bench
