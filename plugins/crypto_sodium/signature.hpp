// plugins/crypto_sodium/signature.hpp - bp.crypto.sign/1: Ed25519 with named keys, and foreign
// ones.
//
// Knows the contract and the keys, not the host. Thread: any. Blocks: no.
#pragma once

#include "backplane/contract/crypto_sign_generated.h"

#include "keyset.hpp"

namespace crypto_sodium {

namespace sign_contract = bp::crypto::sign;

inline constexpr std::size_t signature_bytes = 64;
inline constexpr std::size_t public_key_bytes = 32;

class SignService {
 public:
  /// The keyset outlives this object.
  explicit SignService(const Keyset& keys) : keys_(keys) {}

  /// With the primary version. Errors: INVALID, TOO_LARGE, NOT_FOUND, UNSUPPORTED (not a key that
  /// signs), UNAVAILABLE.
  [[nodiscard]] bp::result<sign_contract::SignReplyT> sign(
      const sign_contract::SignRequest& request) const;

  /// A wrong signature is an answer, not an error. Errors: INVALID, TOO_LARGE, NOT_FOUND,
  /// UNSUPPORTED.
  [[nodiscard]] bp::result<sign_contract::VerifyReplyT> verify(
      const sign_contract::VerifyRequest& request) const;

  /// Errors: NOT_FOUND, UNSUPPORTED.
  [[nodiscard]] bp::result<sign_contract::PublicKeysReplyT> public_keys(
      const sign_contract::PublicKeysRequest& request) const;

 private:
  const Keyset& keys_;
};

/// RFC 8032 Ed25519; `secret` is seed and public key, 64 bytes.
void sign_ed25519(Bytes secret, Bytes message, WritableBytes signature) noexcept;
[[nodiscard]] bool verify_ed25519(Bytes public_key, Bytes message, Bytes signature) noexcept;

}  // namespace crypto_sodium
