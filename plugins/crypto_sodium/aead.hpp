// plugins/crypto_sodium/aead.hpp - seals and opens messages with the keys of a keyset.
//
// Keyed format: 0x01 | key id, u32 big-endian | nonce | ciphertext | tag (16).
// Raw format (AES-256-GCM under the master key itself): nonce (12) | ciphertext | tag (16).
// Thread: any. Blocks: no.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "keyset.hpp"
#include "nonce_pool.hpp"

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

/// Of a sealed message with this many bytes inside.
[[nodiscard]] constexpr std::size_t sealed_bytes(Algorithm algorithm, Framing framing,
                                                 std::size_t plaintext_bytes) noexcept {
  return (framing == Framing::Raw ? 0 : key_prefix_bytes) + nonce_bytes(algorithm) +
         plaintext_bytes + tag_bytes;
}

/// 0x01 and the key id, at the front of `out`.
void write_prefix(WritableBytes out, std::uint32_t key_id) noexcept;

/// The key id that a message names; 0 when it has no prefix of ours.
[[nodiscard]] std::uint32_t named_key(Bytes sealed) noexcept;

class Aead {
 public:
  /// The keyset has its primary key and outlives this object.
  explicit Aead(const Keyset& keys) : keys_(keys) {}

  /// With the default key. Errors: TOO_LARGE, UNSUPPORTED (raw is AES-256-GCM only), UNAVAILABLE
  /// (nonce budget spent).
  [[nodiscard]] bp::result<Sealed> seal(Algorithm algorithm, Framing framing, Bytes plaintext,
                                        Bytes associated_data) const;

  /// With a named one, and this framing.
  [[nodiscard]] bp::result<Sealed> seal(const Ring& with, Algorithm algorithm, Framing framing,
                                        Bytes plaintext, Bytes associated_data) const;

  /// Where the sealed message lies already, or will lie: `out` has sealed_bytes().
  [[nodiscard]] bp::result<const Key*> seal_to(const Ring& with, Algorithm algorithm,
                                               Framing framing, Bytes plaintext,
                                               Bytes associated_data, WritableBytes out) const;

  /// With one key of its keyset, whether or not it is the primary.
  [[nodiscard]] bp::result<void> seal_with(const Key& key, Bytes plaintext, Bytes associated_data,
                                           WritableBytes out) const;

  /// Which key opens it: that of its prefix. Null: none, for whatever reason.
  [[nodiscard]] const Key* key_of(Framing framing, Bytes sealed) const noexcept;

  /// How many bytes key_of() would open this to; none when it is too short.
  [[nodiscard]] static std::optional<std::size_t> opened_bytes(const Key& key,
                                                               Bytes sealed) noexcept;

  /// With the key that key_of() found; `out` has opened_bytes(). Errors: TOO_LARGE, DECRYPT.
  [[nodiscard]] static bp::result<void> open_to(const Key& key, Bytes sealed, Bytes associated_data,
                                                WritableBytes out);

  /// Errors: TOO_LARGE; DECRYPT for every other cause, always the same text.
  [[nodiscard]] bp::result<Opened> open(Framing framing, Bytes sealed, Bytes associated_data) const;

 private:
  [[nodiscard]] bp::result<Opened> open_keyed(Framing framing, Bytes sealed,
                                              Bytes associated_data) const;
  [[nodiscard]] bp::result<Opened> open_raw(Bytes sealed, Bytes associated_data) const;

  const Keyset& keys_;
  std::unique_ptr<NoncePool> nonces_ = std::make_unique<NoncePool>();
};

[[nodiscard]] bp::result<void> sizes_refused(std::size_t plaintext_bytes,
                                             std::size_t associated_data_bytes);

/// Refuses what is above the limits, naming the limit.
[[nodiscard]] inline bp::result<void> check_sizes(std::size_t plaintext_bytes,
                                                  std::size_t associated_data_bytes) {
  if (plaintext_bytes <= plaintext_bytes_max && associated_data_bytes <= associated_data_bytes_max)
      [[likely]] {
    return {};
  }
  return sizes_refused(plaintext_bytes, associated_data_bytes);
}

}  // namespace crypto_sodium
