// plugins/crypto_sodium/mac.hpp - bp.crypto.mac/1: HMAC-SHA256 with named keys.
//
// Knows the contract and the keys, not the host. Thread: any. Blocks: no.
#pragma once

#include <array>

#include "backplane/contract/crypto_mac_generated.h"

#include "keyset.hpp"

namespace crypto_sodium {

namespace mac_contract = bp::crypto::mac;

inline constexpr std::size_t mac_bytes = 32;

class MacService {
 public:
  /// The keyset outlives this object.
  explicit MacService(const Keyset& keys) : keys_(keys) {}

  /// With the primary version. Errors: INVALID, TOO_LARGE, NOT_FOUND, UNSUPPORTED (not a key for
  /// this), UNAVAILABLE.
  [[nodiscard]] bp::result<mac_contract::ComputeReplyT> compute(
      const mac_contract::ComputeRequest& request) const;

  /// A wrong tag is an answer, not an error. Errors: as above.
  [[nodiscard]] bp::result<mac_contract::VerifyReplyT> verify(
      const mac_contract::VerifyRequest& request) const;

 private:
  const Keyset& keys_;
};

/// RFC 2104 with SHA-256; any length of key.
[[nodiscard]] std::array<std::uint8_t, mac_bytes> hmac_sha256(Bytes key, Bytes message) noexcept;

}  // namespace crypto_sodium
