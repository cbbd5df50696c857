// tests/bench/crypto/rows.cpp - the promises of crypto_sodium, in the order in which they are
// printed.
#include "tests/bench/crypto/rows.hpp"

#include <string>

namespace bench {

std::vector<Row> crypto_rows() {
  constexpr auto report = Relation::report;
  const std::string us = "backplane";
  return {
      {"gcm_64",
       "AES-256-GCM, 64 B: through the service, raw, naive",
       true,
       {{us, "OpenSSL", Relation::more, 100},
        {us, "OpenSSL naive", Relation::faster, 2.5},
        {us, "libsodium", report},
        {"backplane open", "OpenSSL", report}}},
      {"xchacha_64",
       "XChaCha20-Poly1305, 64 B: through the service, raw",
       true,
       {{us, "libsodium", Relation::more, 100}, {"backplane open", "libsodium", report}}},
      {"xchacha_64k",
       "XChaCha20-Poly1305, 64 KiB",
       true,
       {{us, "libsodium", Relation::faster, 2}, {"backplane open", "libsodium", report}}},
      {"xchacha_1m",
       "XChaCha20-Poly1305, 1 MiB",
       true,
       {{us, "libsodium", Relation::faster, 2}, {"backplane open", "libsodium", report}}},
      {"gcm_64k",
       "AES-256-GCM, 64 KiB",
       true,
       {{us, "OpenSSL", Relation::faster, 0.95}, {"backplane open", "OpenSSL", report}}},
  };
}

}  // namespace bench
