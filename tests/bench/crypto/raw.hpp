// tests/bench/crypto/raw.hpp - the libraries by themselves, and what they say of our ciphertexts.
//
// Thread: one. Errors: std::runtime_error.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "tests/bench/race/contender.hpp"

namespace bench {

using CryptoKey = std::array<std::uint8_t, 32>;

// libsodium and OpenSSL with contexts that are kept and a nonce that is counted up, the best they
// can do; OpenSSL as it is mostly used, with a context and a random nonce for each message.
[[nodiscard]] Contenders library_contenders();

// The key for one algorithm, derived from the master as the plugin's README says.
[[nodiscard]] CryptoKey derived_key(const CryptoKey& master, const char* label);

// With libsodium's XChaCha20-Poly1305 or OpenSSL's AES-256-GCM; throws when it does not open.
// `sealed`: nonce, ciphertext, tag.
[[nodiscard]] std::vector<std::uint8_t> open_with_library(bool aes, const CryptoKey& key,
                                                          std::span<const std::uint8_t> sealed,
                                                          std::span<const std::uint8_t> associated);

}  // namespace bench
