// plugins/crypto_sodium/aead_service.hpp - bp.crypto.aead/1 as functions from request to reply.
//
// Knows the contract and the keys, not the host. Thread: any. Blocks: as each function says.
#pragma once

#include <type_traits>
#include <utility>

#include "backplane/contract/crypto_aead_generated.h"

#include "aead.hpp"
#include "packed_reply.hpp"
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

  /// The same without copies: a packed reply in the memory that `alloc(bytes)` gives, a result of
  /// something with data() and size(). `key` is the one that sealed.
  template <typename Alloc>
  [[nodiscard]] auto encrypt_packed(const contract::EncryptRequest& request, Alloc alloc,
                                    const Key*& key) const
      -> std::invoke_result_t<Alloc&, std::size_t>;

  /// Is it a request that decrypt_packed() can answer: no text, and a key id in front?
  [[nodiscard]] static bool packs(const contract::DecryptRequest& request) noexcept {
    return request.omit_text() && !request.raw();
  }

  template <typename Alloc>
  [[nodiscard]] auto decrypt_packed(const contract::DecryptRequest& request, Alloc alloc) const
      -> std::invoke_result_t<Alloc&, std::size_t>;

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
  [[nodiscard]] static bp::result<Bytes> associated_data_of(
      const contract::DecryptRequest& request);

  const Keyset& keys_;
  Aead aead_;
  Algorithm default_algorithm_;
  PackedReply encrypt_reply_ = packed_encrypt_reply();
  PackedReply decrypt_reply_ = packed_decrypt_reply();
};

template <typename Memory>
[[nodiscard]] WritableBytes writable(Memory& memory) noexcept {
  return {reinterpret_cast<std::uint8_t*>(memory.data()), memory.size()};
}

template <typename Alloc>
auto AeadService::encrypt_packed(const contract::EncryptRequest& request, Alloc alloc,
                                 const Key*& key) const
    -> std::invoke_result_t<Alloc&, std::size_t> {
  const auto order = order_of(request);
  BP_TRY(order);
  BP_TRY(check_sizes(order->plaintext.size(), order->associated_data.size()));
  const std::size_t size = sealed_bytes(order->algorithm, order->framing, order->plaintext.size());
  auto memory = alloc(encrypt_reply_.bytes(size));
  if (!memory) {
    return memory;
  }
  const WritableBytes out = writable(*memory);
  const auto sealing =
      aead_.seal_to(*order->with, order->algorithm, order->framing, order->plaintext,
                    order->associated_data, encrypt_reply_.write(out, size));
  BP_TRY(sealing);
  key = *sealing;
  encrypt_reply_.name(out, key->facts().id, static_cast<std::uint8_t>(order->algorithm));
  return memory;
}

template <typename Alloc>
auto AeadService::decrypt_packed(const contract::DecryptRequest& request, Alloc alloc) const
    -> std::invoke_result_t<Alloc&, std::size_t> {
  const auto associated_data = associated_data_of(request);
  BP_TRY(associated_data);
  const Bytes sealed = bytes_of(request.ciphertext());
  const Key* key = aead_.key_of(Framing::Keyed, sealed);
  const auto size = key == nullptr ? std::nullopt : Aead::opened_bytes(*key, sealed);
  if (!size) {
    return decryption_failed();
  }
  BP_TRY(check_sizes(*size, associated_data->size()));
  auto memory = alloc(decrypt_reply_.bytes(*size));
  if (!memory) {
    return memory;
  }
  const WritableBytes out = writable(*memory);
  BP_TRY(Aead::open_to(*key, sealed, *associated_data, decrypt_reply_.write(out, *size)));
  decrypt_reply_.name(out, key->facts().id, static_cast<std::uint8_t>(key->facts().algorithm));
  return memory;
}

}  // namespace crypto_sodium
