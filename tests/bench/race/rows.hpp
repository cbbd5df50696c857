// tests/bench/race/rows.hpp - what is promised: each row of the table, whom it compares, and the
// bound.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/race/contender.hpp"

namespace bench {

enum class Relation : std::uint8_t {
  at_most,  // ours <= bound, in `unit`
  faster,   // peer / ours >= bound
  cost,     // ours / peer <= bound
  more,     // ours - peer <= bound, in `unit`
  report    // no promise
};

enum class Figure : std::uint8_t { main, other };

struct Comparison {
  std::string ours;
  std::string peer = {};  // at_most: empty
  Relation relation = Relation::report;
  double bound = 0;
  Figure figure = Figure::main;  // of both
  const char* what = "";         // of the row this is: "publish", "total"
  const char* unit = "ns";
};

struct Row {
  std::string name;
  std::string work;
  bool one_core = false;  // everything runs on one processor
  std::vector<Comparison> comparisons;
};

[[nodiscard]] std::vector<Row> all_rows();

}  // namespace bench
