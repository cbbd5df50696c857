// plugins/crypto_sodium/nonce_pool.hpp - random nonces, drawn many at a time.
//
// Asking a generator costs as much as sealing a small message, so nonces are cut from pages of
// random bytes. Each byte is handed out once. A page is one that the kernel empties in a child
// process (MADV_WIPEONFORK), so that no two processes ever cut the same nonce. Nonces are no
// secrets. Owns: its pages. Thread: any. Blocks: no.
#pragma once

#include <array>
#include <atomic>

#include "secret.hpp"

namespace crypto_sodium {

class NoncePool {
 public:
  NoncePool() = default;
  ~NoncePool();
  NoncePool(const NoncePool&) = delete;
  NoncePool& operator=(const NoncePool&) = delete;

  /// Random bytes that nobody else got; at most 64. Errors: UNAVAILABLE (no random bytes).
  [[nodiscard]] bp::result<void> fill(WritableBytes nonce);

 private:
  struct Page;

  static constexpr std::size_t places_max = 4;  // threads at once; more ask the generator

  /// Its page is of whoever set `taken`.
  struct Place {
    std::atomic<bool> taken{false};
    Page* page = nullptr;
  };

  std::array<Place, places_max> places_{};
};

}  // namespace crypto_sodium
