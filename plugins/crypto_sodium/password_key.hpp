// plugins/crypto_sodium/password_key.hpp - messages sealed with a password, for programs elsewhere.
//
// Headed format: "BPP1" | iterations, u32 big-endian | salt (16) | nonce (12) | ciphertext | tag
// (16). Raw format: the same without the first 8 bytes, always 600,000 iterations. Key =
// PBKDF2-HMAC-SHA256(password, salt, iterations), cipher = AES-256-GCM, in both. Thread: any.
// Blocks: for the derivation, about 0.15 s; belongs on the blocking pool.
#pragma once

#include <vector>

#include "aead.hpp"
#include "derivation.hpp"

namespace crypto_sodium {

inline constexpr std::size_t password_header_bytes = 8;

struct PasswordPolicy {
  std::uint32_t iterations = pbkdf2_iterations_min;
  std::uint32_t iterations_min = pbkdf2_iterations_min;  // tests lower it to be quick
};

struct PasswordOpened {
  std::vector<std::uint8_t> plaintext;
  std::uint32_t iterations;  // below the policy's count: the caller should seal again
};

/// Errors: INVALID (empty password), RANGE (fewer iterations than the policy allows; raw has a
/// fixed count), TOO_LARGE, NO_MEMORY.
[[nodiscard]] bp::result<std::vector<std::uint8_t>> seal_with_password(
    Bytes password, Bytes plaintext, Bytes associated_data, Framing framing,
    const PasswordPolicy& policy = {});

/// Errors: TOO_LARGE; DECRYPT for every other cause, always the same text.
[[nodiscard]] bp::result<PasswordOpened> open_with_password(Bytes password, Bytes sealed,
                                                            Bytes associated_data, Framing framing);

}  // namespace crypto_sodium
