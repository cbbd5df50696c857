// plugins/crypto_sodium/signature.cpp - Ed25519 on libsodium, which is faster than OpenSSL here.
#include "signature.hpp"

#include <sodium.h>

#include "keys_service.hpp"
#include "payload.hpp"

namespace crypto_sodium {

void sign_ed25519(Bytes secret, Bytes message, WritableBytes signature) noexcept {
  crypto_sign_ed25519_detached(signature.data(), nullptr, message.data(), message.size(),
                               secret.data());
}

bool verify_ed25519(Bytes public_key, Bytes message, Bytes signature) noexcept {
  return public_key.size() == public_key_bytes && signature.size() == signature_bytes &&
         crypto_sign_ed25519_verify_detached(signature.data(), message.data(), message.size(),
                                             public_key.data()) == 0;
}

bp::result<sign_contract::SignReplyT> SignService::sign(
    const sign_contract::SignRequest& request) const {
  const auto message = message_of(request.message(), request.text());
  BP_TRY(message);
  const auto ring = ring_of(keys_, request.key(), Purpose::Ed25519);
  BP_TRY(ring);
  const auto key = sealing_key(**ring, Algorithm::Ed25519);
  BP_TRY(key);
  const auto use = use_of(**ring, **key);
  BP_TRY(use);
  sign_contract::SignReplyT reply;
  reply.signature.resize(signature_bytes);
  sign_ed25519(use->secret(), *message, reply.signature);
  reply.public_key = public_key_of(**key);
  reply.key_id = (*key)->facts().id;
  return reply;
}

bp::result<sign_contract::VerifyReplyT> SignService::verify(
    const sign_contract::VerifyRequest& request) const {
  const auto message = message_of(request.message(), request.text());
  BP_TRY(message);
  const Bytes signature = bytes_of(request.signature());
  sign_contract::VerifyReplyT reply;
  if (request.public_key() != nullptr) {
    if (request.key() != nullptr) {
      return bp::fail(BP_E_INVALID, "the request has both 'key' and 'public_key'; give one");
    }
    reply.valid = verify_ed25519(bytes_of(request.public_key()), *message, signature);
    return reply;
  }
  const auto ring = ring_of(keys_, request.key(), Purpose::Ed25519);
  BP_TRY(ring);
  for (const Version* version : (*ring)->versions()) {
    const Key* key = version->find(Algorithm::Ed25519, Framing::Keyed);
    if (key != nullptr && key->opens() &&
        verify_ed25519(public_key_of(*key), *message, signature)) {
      reply.valid = true;
      reply.key_id = key->facts().id;
      break;
    }
  }
  return reply;
}

bp::result<sign_contract::PublicKeysReplyT> SignService::public_keys(
    const sign_contract::PublicKeysRequest& request) const {
  const auto ring = ring_of(keys_, request.key(), Purpose::Ed25519);
  BP_TRY(ring);
  sign_contract::PublicKeysReplyT reply;
  for (const Version* version : (*ring)->versions()) {
    const Key* key = version->find(Algorithm::Ed25519, Framing::Keyed);
    if (key == nullptr || !key->opens()) {
      continue;
    }
    auto told = std::make_unique<sign_contract::PublicKeyT>();
    told->version = version->facts().number;
    told->key_id = key->facts().id;
    told->primary = key->primary();
    told->public_key = public_key_of(*key);
    reply.keys.push_back(std::move(told));
  }
  return reply;
}

}  // namespace crypto_sodium
