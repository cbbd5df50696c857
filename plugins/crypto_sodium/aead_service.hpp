// plugins/crypto_sodium/aead_service.hpp - bp.crypto.aead/1 as functions from request to reply.
//
// Knows the contract and the keys, not the host. Thread: any. Blocks: as each function says.
#pragma once

#include "backplane/contract/crypto_aead_generated.h"

#include "aead.hpp"
#include "password_key.hpp"
#include "payload.hpp"

namespace crypto_sodium {

namespace contract = bp::crypto::aead;

class AeadService {
 public:
  /// The keyset outlives this object.
  AeadService(const Keyset& keys, Algorithm default_algorithm)
      : keys_(keys), aead_(keys), default_algorithm_(default_algorithm) {}

  /// Blocks: no. Errors: INVALID (bytes and text at once, unknown algorithm), NOT_FOUND (key), and
  /// Aead::seal's.
  [[nodiscard]] bp::result<contract::EncryptReplyT> encrypt(
      const contract::EncryptRequest& request) const;

  /// Blocks: no. Errors: INVALID (bytes and text at once) and Aead::open's.
  [[nodiscard]] bp::result<contract::DecryptReplyT> decrypt(
      const contract::DecryptRequest& request) const;

  /// With the present version of the key that sealed it. Blocks: no. Errors: INVALID, DECRYPT, and
  /// Aead::seal's.
  [[nodiscard]] bp::result<contract::RewrapReplyT> rewrap(
      const contract::RewrapRequest& request) const;
  [[nodiscard]] bp::result<contract::RewrapManyReplyT> rewrap_many(
      const contract::RewrapManyRequest& request) const;

  /// Blocks: for milliseconds of computing. Errors: TOO_LARGE; the items have their own.
  [[nodiscard]] bp::result<contract::EncryptManyReplyT> encrypt_many(
      const contract::EncryptManyRequest& request) const;
  [[nodiscard]] bp::result<contract::DecryptManyReplyT> decrypt_many(
      const contract::DecryptManyRequest& request) const;

  /// Blocks: for the derivation, about 0.15 s. `iterations_min` is lower in tests only.
  [[nodiscard]] static bp::result<contract::EncryptWithPasswordReplyT> encrypt_with_password(
      const contract::EncryptWithPasswordRequest& request,
      std::uint32_t iterations_min = pbkdf2_iterations_min);
  [[nodiscard]] static bp::result<contract::DecryptWithPasswordReplyT> decrypt_with_password(
      const contract::DecryptWithPasswordRequest& request);

  /// Blocks: no. No key bytes in it.
  [[nodiscard]] contract::DescribeReplyT describe() const;

 private:
  /// What a request asks for; points into it.
  struct SealOrder {
    const Ring* with;
    Algorithm algorithm;
    Framing framing;
    Bytes plaintext;
    Bytes associated_data;
  };

  [[nodiscard]] bp::result<SealOrder> order_of(const contract::EncryptRequest& request) const;

  const Keyset& keys_;
  Aead aead_;
  Algorithm default_algorithm_;
};

}  // namespace crypto_sodium
