// plugins/crypto_sodium/mac.cpp - HMAC on OpenSSL, whose SHA-256 uses what the processor has.
#include "mac.hpp"

#include <sodium.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "payload.hpp"

namespace crypto_sodium {

std::array<std::uint8_t, mac_bytes> hmac_sha256(Bytes key, Bytes message) noexcept {
  std::array<std::uint8_t, mac_bytes> tag{};
  const std::uint8_t nothing = 0;
  // A null key would mean "the one of before".
  HMAC(EVP_sha256(), key.empty() ? &nothing : key.data(), static_cast<int>(key.size()),
       message.data(), message.size(), tag.data(), nullptr);
  return tag;
}

bp::result<mac_contract::ComputeReplyT> MacService::compute(
    const mac_contract::ComputeRequest& request) const {
  const auto message = message_of(request.message(), request.text());
  BP_TRY(message);
  const auto ring = ring_of(keys_, request.key(), Purpose::HmacSha256);
  BP_TRY(ring);
  const auto key = sealing_key(**ring, Algorithm::HmacSha256);
  BP_TRY(key);
  const auto use = use_of(**ring, **key);
  BP_TRY(use);
  mac_contract::ComputeReplyT reply;
  reply.tag = to_vector(hmac_sha256(use->secret(), *message));
  reply.key_id = (*key)->facts().id;
  return reply;
}

bp::result<mac_contract::VerifyReplyT> MacService::verify(
    const mac_contract::VerifyRequest& request) const {
  const auto message = message_of(request.message(), request.text());
  BP_TRY(message);
  const auto ring = ring_of(keys_, request.key(), Purpose::HmacSha256);
  BP_TRY(ring);
  const Bytes tag = bytes_of(request.tag());
  mac_contract::VerifyReplyT reply;
  if (tag.size() != mac_bytes) {
    return reply;
  }
  for (const Version* version : (*ring)->versions()) {
    const Key* key = version->find(Algorithm::HmacSha256, Framing::Keyed);
    const auto use = key != nullptr && key->opens() ? key->use() : std::nullopt;
    if (use &&
        sodium_memcmp(hmac_sha256(use->secret(), *message).data(), tag.data(), mac_bytes) == 0) {
      reply.valid = true;
      reply.key_id = key->facts().id;
      break;
    }
  }
  return reply;
}

}  // namespace crypto_sodium
