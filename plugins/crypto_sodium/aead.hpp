// plugins/crypto_sodium/aead.hpp - seals and opens messages with the keys of a keyset.
//
// Keyed format: 0x01 | key id, u32 big-endian | nonce | ciphertext | tag (16).
// Raw format (AES-256-GCM under the master key itself): nonce (12) | ciphertext | tag (16).
// Thread: any. Blocks: no.
#pragma once

#include <vector>

#include "keyset.hpp"

namespace crypto_sodium {

inline constexpr std::uint8_t format_version = 0x01;
inline constexpr std::size_t key_prefix_bytes = 5;
inline constexpr std::size_t plaintext_bytes_max = 16UL << 20U;
inline constexpr std::size_t associated_data_bytes_max = 64UL << 10U;
inline constexpr std::size_t overhead_bytes_max = key_prefix_bytes + nonce_bytes_max + tag_bytes;

struct Sealed {
  std::vector<std::uint8_t> bytes;
  const Key* key;
};

struct Opened {
  std::vector<std::uint8_t> plaintext;
  const Key* key;
};

class Aead {
 public:
  /// The keyset has its primary key and outlives this object.
  explicit Aead(const Keyset& keys) : keys_(keys) {}

  /// Errors: TOO_LARGE, UNSUPPORTED (raw is AES-256-GCM only), UNAVAILABLE (nonce budget spent).
  [[nodiscard]] bp::result<Sealed> seal(Algorithm algorithm, Framing framing, Bytes plaintext,
                                        Bytes associated_data) const;

  /// Errors: TOO_LARGE; DECRYPT for every other cause, always the same text.
  [[nodiscard]] bp::result<Opened> open(Framing framing, Bytes sealed, Bytes associated_data) const;

 private:
  [[nodiscard]] bp::result<Opened> open_keyed(Bytes sealed, Bytes associated_data) const;
  [[nodiscard]] bp::result<Opened> open_raw(Bytes sealed, Bytes associated_data) const;

  const Keyset& keys_;
};

/// Refuses what is above the limits, naming the limit.
[[nodiscard]] bp::result<void> check_sizes(std::size_t plaintext_bytes,
                                           std::size_t associated_data_bytes);

}  // namespace crypto_sodium
