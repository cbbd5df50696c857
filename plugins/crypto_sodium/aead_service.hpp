// plugins/crypto_sodium/aead_service.hpp - bp.crypto.aead/1 as functions from request to reply.
//
// Knows the contract and the keys, not the host. Thread: any. Blocks: as each function says.
#pragma once

#include "backplane/contract/crypto_aead_generated.h"

#include "aead.hpp"
#include "password_key.hpp"

namespace crypto_sodium {

namespace contract = bp::crypto::aead;

inline constexpr std::size_t batch_items_max = 1000;

class AeadService {
 public:
  /// The keyset outlives this object.
  AeadService(const Keyset& keys, Algorithm default_algorithm)
      : keys_(keys), aead_(keys), default_algorithm_(default_algorithm) {}

  /// Blocks: no. Errors: INVALID (bytes and text at once, unknown algorithm) and Aead::seal's.
  [[nodiscard]] bp::result<contract::EncryptReplyT> encrypt(
      const contract::EncryptRequest& request) const;

  /// Blocks: no. Errors: INVALID (bytes and text at once) and Aead::open's.
  [[nodiscard]] bp::result<contract::DecryptReplyT> decrypt(
      const contract::DecryptRequest& request) const;

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
  const Keyset& keys_;
  Aead aead_;
  Algorithm default_algorithm_;
};

}  // namespace crypto_sodium
