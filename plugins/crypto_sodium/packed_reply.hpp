// plugins/crypto_sodium/packed_reply.hpp - replies with a key id, an algorithm and one long vector,
// written where the host lends the memory.
//
// Packing a reply from a native object copies what was sealed twice, which for large messages costs
// more than half of the sealing. FlatBuffers puts a vector that is made first at the very end, so a
// packed reply with an empty vector is the head of every other: three numbers in it change, and the
// bytes follow. Thread: any, after the constructor. Owns: the head.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include <flatbuffers/flatbuffers.h>

#include "backplane/contract/crypto_aead_generated.h"

#include "secret.hpp"

namespace crypto_sodium {

class PackedReply {
 public:
  /// `finished` holds a Reply whose first vector was made first and is empty, and whose other
  /// fields are not the defaults.
  template <typename Reply>
  static PackedReply from(const flatbuffers::FlatBufferBuilder& finished,
                          flatbuffers::voffset_t key_id, flatbuffers::voffset_t algorithm) {
    const std::uint8_t* begin = finished.GetBufferPointer();
    const auto* table =
        reinterpret_cast<const flatbuffers::Table*>(flatbuffers::GetRoot<Reply>(begin));
    PackedReply reply;
    reply.head_.assign(begin, begin + finished.GetSize());
    reply.key_id_at_ = static_cast<std::size_t>(table->GetAddressOf(key_id) - begin);
    reply.algorithm_at_ = static_cast<std::size_t>(table->GetAddressOf(algorithm) - begin);
    return reply;
  }

  /// Of a reply with so many bytes in its vector.
  [[nodiscard]] std::size_t bytes(std::size_t vector_bytes) const noexcept {
    constexpr std::size_t alignment = sizeof(flatbuffers::uoffset_t);
    return head_.size() + ((vector_bytes + alignment - 1) / alignment * alignment);
  }

  /// Writes the head and the padding; what is returned is to be filled. `out` has bytes().
  [[nodiscard]] WritableBytes write(WritableBytes out, std::size_t vector_bytes) const noexcept {
    std::ranges::copy(head_, out.begin());
    put<std::uint32_t>(out, head_.size() - sizeof(std::uint32_t),
                       static_cast<std::uint32_t>(vector_bytes));
    const WritableBytes room = out.subspan(head_.size());
    std::ranges::fill(room.subspan(vector_bytes), std::uint8_t{0});
    return room.first(vector_bytes);
  }

  void name(WritableBytes out, std::uint32_t key_id, std::uint8_t algorithm) const noexcept {
    put<std::uint32_t>(out, key_id_at_, key_id);
    put<std::uint8_t>(out, algorithm_at_, algorithm);
  }

 private:
  PackedReply() = default;

  template <typename Number>
  static void put(WritableBytes out, std::size_t at, Number value) noexcept {
    value = flatbuffers::EndianScalar(value);
    std::memcpy(&out[at], &value, sizeof(value));
  }

  std::vector<std::uint8_t> head_;
  std::size_t key_id_at_ = 0;
  std::size_t algorithm_at_ = 0;
};

/// Of bp.crypto.aead/1.
[[nodiscard]] inline PackedReply packed_encrypt_reply() {
  namespace contract = bp::crypto::aead;
  flatbuffers::FlatBufferBuilder builder;
  const auto empty = builder.CreateVector(std::vector<std::uint8_t>());
  builder.Finish(
      contract::CreateEncryptReply(builder, empty, 1, contract::Algorithm::XChaCha20Poly1305));
  return PackedReply::from<contract::EncryptReply>(builder, contract::EncryptReply::VT_KEY_ID,
                                                   contract::EncryptReply::VT_ALGORITHM);
}

/// Without `text`.
[[nodiscard]] inline PackedReply packed_decrypt_reply() {
  namespace contract = bp::crypto::aead;
  flatbuffers::FlatBufferBuilder builder;
  const auto empty = builder.CreateVector(std::vector<std::uint8_t>());
  builder.Finish(
      contract::CreateDecryptReply(builder, empty, 0, 1, contract::Algorithm::XChaCha20Poly1305));
  return PackedReply::from<contract::DecryptReply>(builder, contract::DecryptReply::VT_KEY_ID,
                                                   contract::DecryptReply::VT_ALGORITHM);
}

}  // namespace crypto_sodium
