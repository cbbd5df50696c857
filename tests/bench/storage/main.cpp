// tests/bench/storage/main.cpp - backplane-bench-storage: the promises of storage_sqlite, measured
// on this machine.
#include <optional>

#include "tests/bench/ours/place.hpp"
#include "tests/bench/race/program.hpp"
#include "tests/bench/storage/ours.hpp"
#include "tests/bench/storage/raw.hpp"
#include "tests/bench/storage/rows.hpp"

int main(int argc, char** argv) {
  constexpr double round_ms = 250;  // some flushes of a slow disk
  std::optional<bench::Place> place;
  return bench::run_program(
      {.name = "backplane-bench-storage",
       .about = "Measures storage_sqlite through the bus, beside SQLite's C API.",
       .rows = bench::storage_rows(),
       .effort = {.rounds = 7, .round_ms = round_ms},
       .note = "Databases lie in TMPDIR: name a folder on the disk that you mean.\n"},
      {argv + 1, argv + argc}, [&place](const bench::Asked& /*asked*/) {
        bench::Field field{bench::storage_contenders(BENCH_STORAGE)};
        append(field.contenders, bench::raw_contenders(place.emplace(bench::own_folder())));
        return field;
      });
}
