// plugins/crypto_sodium/derivation.hpp - keys from keys (HKDF) and keys from passwords (PBKDF2).
//
// Thread: any. PBKDF2 blocks for about 0.15 s at the default count: never call it on a strand.
#pragma once

#include <string_view>

#include "secret.hpp"

namespace crypto_sodium {

inline constexpr std::uint32_t pbkdf2_iterations_min = 600'000;  // OWASP's floor for SHA-256
inline constexpr std::uint32_t pbkdf2_iterations_max =
    4'000'000;  // about 1 s; a header may be hostile
inline constexpr std::size_t salt_bytes = 16;
inline constexpr std::size_t password_bytes_max = 1024;

inline constexpr std::size_t hkdf_bytes_max = 255UL * 32;

/// RFC 5869 HKDF-SHA256; `out` has at most hkdf_bytes_max.
void hkdf_sha256_to(Bytes input, Bytes salt, Bytes info, WritableBytes out) noexcept;

/// RFC 5869 HKDF-SHA256 with an empty salt and 32 bytes of output.
[[nodiscard]] bp::result<Secret> hkdf_sha256(Bytes key, std::string_view info);

/// RFC 8018 PBKDF2-HMAC-SHA256. The count is the caller's policy; 0 is refused.
[[nodiscard]] bp::result<Secret> pbkdf2_sha256(Bytes password, Bytes salt, std::uint32_t iterations,
                                               std::size_t output_bytes = key_bytes);

}  // namespace crypto_sodium
