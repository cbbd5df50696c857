// plugins/crypto_sodium/stream.hpp - bp.crypto.stream/1: long messages in chunks of 64 KiB.
//
// Header: 0x01 | key id, u32 big-endian | stream id (16). Chunk: 0x01 | key id | nonce (24) |
// ciphertext | tag (16). A chunk authenticates the header, its number, whether it is the last, and
// the caller's associated data; its nonce is random, so that sealing a number twice by mistake
// gives nothing away. Knows the contract and the keys, not the host; keeps nothing between calls.
// Thread: any. Blocks: no.
#pragma once

#include <vector>

#include "backplane/contract/crypto_stream_generated.h"

#include "aead.hpp"

namespace crypto_sodium {

namespace stream_contract = bp::crypto::stream;

inline constexpr std::size_t chunk_plaintext_bytes = 64UL << 10U;
inline constexpr std::size_t stream_id_bytes = 16;
inline constexpr std::size_t stream_header_bytes = key_prefix_bytes + stream_id_bytes;
inline constexpr std::size_t chunk_overhead_bytes =
    sealed_bytes(Algorithm::XChaCha20Poly1305, Framing::Stream, 0);
inline constexpr std::size_t chunk_bytes_max = chunk_plaintext_bytes + chunk_overhead_bytes;
/// Of the caller; the place of a chunk takes some of what the cipher allows.
inline constexpr std::size_t stream_associated_data_bytes_max = associated_data_bytes_max - 64;

/// Where a chunk is.
struct ChunkPlace {
  Bytes header;
  std::uint64_t index;
  bool last;
  Bytes associated_data;
};

class StreamService {
 public:
  /// The keyset outlives this object.
  explicit StreamService(const Keyset& keys) : keys_(keys), aead_(keys) {}

  /// Errors: NOT_FOUND, UNSUPPORTED (a key that seals no streams), UNAVAILABLE.
  [[nodiscard]] bp::result<stream_contract::BeginReplyT> begin(
      const stream_contract::BeginRequest& request) const;

  /// Errors: INVALID (the header, the length of the chunk), UNAVAILABLE (its key), TOO_LARGE.
  [[nodiscard]] bp::result<stream_contract::SealChunkReplyT> seal_chunk(
      const stream_contract::SealChunkRequest& request) const;

  /// Errors: TOO_LARGE (associated data); DECRYPT for every other cause, always the same text.
  [[nodiscard]] bp::result<stream_contract::OpenChunkReplyT> open_chunk(
      const stream_contract::OpenChunkRequest& request) const;

  /// Blocks: for milliseconds of computing. Errors: as the three above.
  [[nodiscard]] bp::result<stream_contract::SealReplyT> seal(
      const stream_contract::SealRequest& request) const;
  [[nodiscard]] bp::result<stream_contract::OpenReplyT> open(
      const stream_contract::OpenRequest& request) const;

  /// Errors: INVALID (no stream has this length), RANGE (behind its end).
  [[nodiscard]] static bp::result<stream_contract::LocateReplyT> locate(
      const stream_contract::LocateRequest& request);

 private:
  [[nodiscard]] bp::result<void> seal_to(const ChunkPlace& place, Bytes plaintext,
                                         WritableBytes out) const;
  [[nodiscard]] bp::result<std::vector<std::uint8_t>> open_from(const ChunkPlace& place,
                                                                Bytes chunk) const;
  [[nodiscard]] bp::result<std::vector<std::uint8_t>> header_of(
      const flatbuffers::String* key) const;

  const Keyset& keys_;
  Aead aead_;
};

}  // namespace crypto_sodium
