// plugins/crypto_sodium/kdf_service.hpp - bp.crypto.kdf/1 as functions from request to reply.
//
// Knows the contract and the keys, not the host. Thread: any. Blocks: pbkdf2() only, for about 0.15
// s.
#pragma once

#include "backplane/contract/crypto_kdf_generated.h"

#include "derivation.hpp"
#include "keyset.hpp"

namespace crypto_sodium {

namespace kdf_contract = bp::crypto::kdf;

inline constexpr std::size_t derived_bytes_min = 16;
inline constexpr std::size_t pbkdf2_salt_bytes_max = 1024;
inline constexpr std::size_t pbkdf2_output_bytes_max = 1024;

class KdfService {
 public:
  /// The keyset outlives this object.
  explicit KdfService(const Keyset& keys) : keys_(keys) {}

  /// Errors: NOT_FOUND (key, version), UNSUPPORTED, UNAVAILABLE (disabled, destroyed, too old),
  /// RANGE.
  [[nodiscard]] bp::result<kdf_contract::DeriveReplyT> derive(
      const kdf_contract::DeriveRequest& request) const;

  /// Errors: RANGE, TOO_LARGE, NO_MEMORY.
  [[nodiscard]] static bp::result<kdf_contract::HkdfReplyT> hkdf(
      const kdf_contract::HkdfRequest& request);

  /// Errors: INVALID (password), RANGE (iterations, salt, output), TOO_LARGE, NO_MEMORY.
  /// `iterations_min` is lower in tests only.
  [[nodiscard]] static bp::result<kdf_contract::Pbkdf2ReplyT> pbkdf2(
      const kdf_contract::Pbkdf2Request& request,
      std::uint32_t iterations_min = pbkdf2_iterations_min);

 private:
  const Keyset& keys_;
};

}  // namespace crypto_sodium
