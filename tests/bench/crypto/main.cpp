// tests/bench/crypto/main.cpp - backplane-bench-crypto: the promises of crypto_sodium, measured on
// this machine.
#include "tests/bench/crypto/ours.hpp"
#include "tests/bench/crypto/raw.hpp"
#include "tests/bench/crypto/rows.hpp"
#include "tests/bench/race/program.hpp"

int main(int argc, char** argv) {
  return bench::run_program(
      {.name = "backplane-bench-crypto",
       .about = "Measures crypto_sodium through the bus, beside libsodium and OpenSSL.",
       .rows = bench::crypto_rows()},
      {argv + 1, argv + argc}, [](const bench::Asked& /*asked*/) {
        bench::Field field{bench::crypto_contenders(BENCH_CRYPTO)};
        append(field.contenders, bench::library_contenders());
        return field;
      });
}
