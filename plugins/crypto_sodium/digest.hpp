// plugins/crypto_sodium/digest.hpp - bp.crypto.hash/1 and bp.crypto.random/1: nothing here has a
// key.
//
// Knows the contracts, not the host. Thread: any. Blocks: no.
#pragma once

#include <vector>

#include "backplane/contract/crypto_hash_generated.h"
#include "backplane/contract/crypto_random_generated.h"

#include "secret.hpp"

namespace crypto_sodium {

namespace hash_contract = bp::crypto::hash;
namespace random_contract = bp::crypto::random;

inline constexpr std::size_t blake2b_bytes_min = 16;
inline constexpr std::size_t blake2b_bytes_max = 64;
inline constexpr std::size_t random_bytes_max = 64UL << 10U;

/// Errors: INVALID (bytes and text at once, unknown algorithm), RANGE (digest_bytes), TOO_LARGE.
[[nodiscard]] bp::result<hash_contract::HashReplyT> hash_message(
    const hash_contract::HashRequest& request);

/// `digest_bytes` is for BLAKE2b; the others have their own. Errors: INVALID, RANGE, NO_MEMORY.
[[nodiscard]] bp::result<std::vector<std::uint8_t>> digest_of(hash_contract::Algorithm algorithm,
                                                              Bytes message,
                                                              std::size_t digest_bytes);

/// Errors: RANGE.
[[nodiscard]] bp::result<random_contract::BytesReplyT> random_bytes(
    const random_contract::BytesRequest& request);

}  // namespace crypto_sodium
