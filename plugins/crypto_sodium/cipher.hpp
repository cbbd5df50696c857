// plugins/crypto_sodium/cipher.hpp - one algorithm bound to one key: ciphertext and tag only.
//
// The nonce is given here because published test vectors need it; everybody else goes through Aead,
// which alone makes nonces. Owns: the key. Thread: any. Blocks: no.
// Errors: DECRYPT (one text for every cause), NO_MEMORY.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "context_pool.hpp"
#include "secret.hpp"

namespace crypto_sodium {

/// Of a key. A Cipher knows the first two.
enum class Algorithm : std::uint8_t {
  XChaCha20Poly1305 = 1,
  Aes256Gcm = 2,
  Ed25519 = 3,
  HmacSha256 = 4,
  HkdfSha256 = 5
};

[[nodiscard]] constexpr bool is_cipher(Algorithm algorithm) noexcept {
  return algorithm == Algorithm::XChaCha20Poly1305 || algorithm == Algorithm::Aes256Gcm;
}

inline constexpr std::size_t tag_bytes = 16;
inline constexpr std::size_t nonce_bytes_max = 24;

/// libsodium is faster on small messages, OpenSSL's ChaCha20-Poly1305 over HChaCha20 on large ones
/// (2.4x at 64 KiB); both give the same bytes.
inline constexpr std::size_t xchacha_openssl_from_bytes = 2048;

/// The same for AES-256-GCM, which libsodium has only where the processor has the instructions.
inline constexpr std::size_t gcm_openssl_from_bytes = 448;

[[nodiscard]] constexpr std::size_t nonce_bytes(Algorithm algorithm) noexcept {
  return algorithm == Algorithm::Aes256Gcm ? 12 : 24;
}

[[nodiscard]] constexpr std::string_view name(Algorithm algorithm) noexcept {
  switch (algorithm) {
    case Algorithm::XChaCha20Poly1305:
      return "XChaCha20-Poly1305";
    case Algorithm::Aes256Gcm:
      return "AES-256-GCM";
    case Algorithm::Ed25519:
      return "Ed25519";
    case Algorithm::HmacSha256:
      return "HMAC-SHA256";
    case Algorithm::HkdfSha256:
      return "HKDF-SHA256";
  }
  return "unknown";
}

/// The one error for everything that does not decrypt. It tells nothing about the cause.
[[nodiscard]] inline std::unexpected<bp::error> decryption_failed() {
  return std::unexpected(bp::error(BP_E_DECRYPT));
}

class Cipher {
 public:
  /// `key` has key_bytes bytes; the algorithm is_cipher().
  [[nodiscard]] static bp::result<Cipher> open(Algorithm algorithm, Secret key);

  [[nodiscard]] Algorithm algorithm() const noexcept { return algorithm_; }

  /// Writes ciphertext || tag; `out` is exactly tag_bytes larger than `plaintext`.
  [[nodiscard]] bp::result<void> seal(Bytes nonce, Bytes plaintext, Bytes associated_data,
                                      WritableBytes out) const;

  /// Reads ciphertext || tag; `out` is exactly tag_bytes smaller. On failure `out` is zeroed.
  [[nodiscard]] bp::result<void> open(Bytes nonce, Bytes sealed, Bytes associated_data,
                                      WritableBytes out) const;

 private:
  Cipher(Algorithm algorithm, Secret key, std::optional<Secret> expanded,
         std::unique_ptr<ContextPool> contexts)
      : algorithm_(algorithm),
        key_(std::move(key)),
        expanded_(std::move(expanded)),
        contexts_(std::move(contexts)) {}

  [[nodiscard]] bool uses_libsodium(std::size_t plaintext_bytes) const noexcept;
  void seal_small(Bytes nonce, Bytes plaintext, Bytes associated_data,
                  WritableBytes out) const noexcept;
  [[nodiscard]] bool open_small(Bytes nonce, Bytes sealed, Bytes associated_data,
                                WritableBytes out) const noexcept;
  [[nodiscard]] bp::result<ContextPool::Loan> start(Bytes nonce, Bytes associated_data,
                                                    bool encrypt) const;

  Algorithm algorithm_;
  Secret key_;
  std::optional<Secret> expanded_;  // for libsodium's AES
  std::unique_ptr<ContextPool> contexts_;
};

}  // namespace crypto_sodium
