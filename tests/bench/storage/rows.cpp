// tests/bench/storage/rows.cpp - the promises of the storage, in the order in which they are
// printed.
#include "tests/bench/storage/rows.hpp"

namespace bench {

// The second figure of each contender is processor time, of all threads together.
std::vector<Row> storage_rows() {
  constexpr auto faster = Relation::faster;
  constexpr auto report = Relation::report;
  constexpr auto processor = Figure::other;
  const std::string us = "backplane";
  return {{"write_disk",
           "kv.Put of 100 B with `disk`, 16 callers with 64 under way each",
           false,
           {{us, "raw, 1000 rows a commit", faster, 0.6, Figure::main, "wall"},
            {us, "raw, 1000 rows a commit", faster, 0.8, processor, "processor"},
            {us, "16 own connections", faster, 200, Figure::main, "wall"}}},
          {"write_os",
           "kv.Put of 100 B with `os`, 16 callers with 64 under way each",
           false,
           {{us, "raw, 1000 rows a commit", faster, 0.8, processor, "processor"},
            {us, "raw, the same with numbered changes", report, 0, processor, "processor"},
            {us, "raw, 1000 rows a commit", report, 0, Figure::main, "wall"},
            {us, "16 own connections", report, 0, Figure::main, "wall"}}},
          {"get",
           "kv.Get of 100 B, one caller with 64 under way",
           false,
           {{us, "raw prepared", faster, 1.3, Figure::main, "wall"},
            {us, "raw prepared", report, 0, processor, "processor"},
            {"backplane 16 callers", "raw prepared", report, 0, Figure::main, "wall"}}}};
}

}  // namespace bench
