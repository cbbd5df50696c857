// plugins/crypto_sodium/keys_service.hpp - bp.crypto.keys/1 as functions from request to reply.
//
// Knows the contract and the keys, not the host. Thread: one at a time. Blocks: on the disk.
#pragma once

#include "backplane/contract/crypto_keys_generated.h"

#include "aead.hpp"
#include "key_store.hpp"

namespace crypto_sodium {

namespace keys_contract = bp::crypto::keys;

class KeysService {
 public:
  /// Both outlive this object.
  KeysService(KeyStore& store, const Keyset& keys, Algorithm default_algorithm)
      : store_(store), keys_(keys), aead_(keys), default_algorithm_(default_algorithm) {}

  /// Errors: those of the store.
  [[nodiscard]] bp::result<keys_contract::KeyReplyT> create(
      const keys_contract::CreateRequest& request, std::int64_t now_s);
  [[nodiscard]] bp::result<keys_contract::KeyReplyT> rotate(
      const keys_contract::RotateRequest& request, std::int64_t now_s);
  [[nodiscard]] bp::result<keys_contract::KeyReplyT> set_state(const flatbuffers::String* name,
                                                               std::uint32_t version,
                                                               KeyState state);
  [[nodiscard]] bp::result<keys_contract::KeyReplyT> set_min_version(
      const keys_contract::SetMinVersionRequest& request);

  /// No key bytes in it. Errors: NOT_FOUND.
  [[nodiscard]] bp::result<keys_contract::DescribeReplyT> describe(
      const keys_contract::DescribeRequest& request) const;

  /// Errors: NOT_FOUND, UNSUPPORTED (a key that seals no messages), and Aead::seal's.
  [[nodiscard]] bp::result<keys_contract::DataKeyReplyT> data_key(
      const keys_contract::DataKeyRequest& request) const;

  /// Errors: DECRYPT.
  [[nodiscard]] bp::result<keys_contract::OpenDataKeyReplyT> open_data_key(
      const keys_contract::OpenDataKeyRequest& request) const;

 private:
  [[nodiscard]] bp::result<keys_contract::KeyReplyT> reply_about(std::string_view name) const;

  KeyStore& store_;
  const Keyset& keys_;
  Aead aead_;
  Algorithm default_algorithm_;
};

/// The public half of an Ed25519 key; empty when it was destroyed.
[[nodiscard]] std::vector<std::uint8_t> public_key_of(const Key& key);

}  // namespace crypto_sodium
