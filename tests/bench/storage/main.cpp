// tests/bench/storage/main.cpp - backplane-bench-storage: the promises of storage_sqlite, measured
// on this machine.
#include <optional>

#include "tests/bench/ours/place.hpp"
#include "tests/bench/race/program.hpp"
#include "tests/bench/storage/ours.hpp"
#include "tests/bench/storage/raw.hpp"
#include "tests/bench/storage/rows.hpp"

int main(int argc, char** argv) {
  std::optional<bench::Place> place;
  return bench::run_program(
      {.name = "backplane-bench-storage",
       .rows = bench::storage_rows(),
       .round_ms = 250,  // some flushes of a slow disk
       .rounds = 7,
       .note = "Databases lie in TMPDIR: name a folder on the disk that you mean.\n"},
      argc, argv, [&place] {
        place.emplace(bench::own_folder());
        bench::Contenders contenders = bench::storage_contenders(BENCH_STORAGE);
        append(contenders, bench::raw_contenders(*place));
        return contenders;
      });
}
