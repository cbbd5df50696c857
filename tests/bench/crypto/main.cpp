// tests/bench/crypto/main.cpp - backplane-bench-crypto: the promises of crypto_sodium, measured on
// this machine.
#include "tests/bench/crypto/ours.hpp"
#include "tests/bench/crypto/raw.hpp"
#include "tests/bench/crypto/rows.hpp"
#include "tests/bench/race/program.hpp"

int main(int argc, char** argv) {
  return bench::run_program({.name = "backplane-bench-crypto",
                             .rows = bench::crypto_rows(),
                             .round_ms = 40,
                             .rounds = 7,
                             .note = ""},
                            argc, argv, [] {
                              bench::Contenders contenders = bench::crypto_contenders(BENCH_CRYPTO);
                              append(contenders, bench::library_contenders());
                              return contenders;
                            });
}
