// plugins/crypto_sodium/kdf_service.cpp - checks what is asked for, then derives.
#include "kdf_service.hpp"

#include <string>

#include "aead.hpp"
#include "payload.hpp"

namespace crypto_sodium {
namespace {

bp::result<std::size_t> output_bytes_of(std::uint32_t asked, std::size_t bytes_min,
                                        std::size_t bytes_max) {
  const std::size_t wanted = asked == 0 ? key_bytes : asked;
  if (wanted < bytes_min || wanted > bytes_max) {
    return bp::fail(BP_E_RANGE, "'output_bytes' is " + std::to_string(wanted) + "; ask for " +
                                    std::to_string(bytes_min) + " to " + std::to_string(bytes_max));
  }
  return wanted;
}

bp::result<const Key*> key_of(const Ring& ring, std::uint32_t version) {
  if (version == 0) {
    return sealing_key(ring, Algorithm::HkdfSha256);
  }
  const Version* one = ring.find(version);
  const Key* key = one == nullptr ? nullptr : one->find(Algorithm::HkdfSha256, Framing::Keyed);
  if (one == nullptr) {
    return bp::fail(BP_E_NOT_FOUND, name_of(ring) + " has no version " + std::to_string(version));
  }
  if (key == nullptr || !key->opens()) {
    return bp::fail(BP_E_UNAVAILABLE, "version " + std::to_string(version) + " of " +
                                          name_of(ring) +
                                          " is disabled, destroyed or below the minimum version");
  }
  return key;
}

}  // namespace

bp::result<kdf_contract::DeriveReplyT> KdfService::derive(
    const kdf_contract::DeriveRequest& request) const {
  const auto bytes = output_bytes_of(request.output_bytes(), derived_bytes_min, hkdf_bytes_max);
  BP_TRY(bytes);
  const auto ring = ring_of(keys_, request.key(), Purpose::HkdfSha256);
  BP_TRY(ring);
  const auto key = key_of(**ring, request.version());
  BP_TRY(key);
  const auto use = use_of(**ring, **key);
  BP_TRY(use);
  kdf_contract::DeriveReplyT reply;
  reply.output.resize(*bytes);
  hkdf_sha256_to(use->secret(), {}, bytes_of(request.context()), reply.output);
  reply.version = (*key)->version().facts().number;
  return reply;
}

bp::result<kdf_contract::HkdfReplyT> KdfService::hkdf(const kdf_contract::HkdfRequest& request) {
  const auto bytes = output_bytes_of(request.output_bytes(), 1, hkdf_bytes_max);
  BP_TRY(bytes);
  const Bytes input = bytes_of(request.input());
  BP_TRY(check_sizes(input.size(), bytes_of(request.salt()).size()));
  BP_TRY(check_sizes(0, bytes_of(request.info()).size()));
  kdf_contract::HkdfReplyT reply;
  reply.output.resize(*bytes);
  hkdf_sha256_to(input, bytes_of(request.salt()), bytes_of(request.info()), reply.output);
  return reply;
}

bp::result<kdf_contract::Pbkdf2ReplyT> KdfService::pbkdf2(
    const kdf_contract::Pbkdf2Request& request, std::uint32_t iterations_min) {
  const Bytes password = bytes_of(request.password());
  const Bytes salt = bytes_of(request.salt());
  if (password.empty()) {
    return bp::fail(BP_E_INVALID, "the password is empty; give one");
  }
  if (salt.size() < salt_bytes || salt.size() > pbkdf2_salt_bytes_max) {
    return bp::fail(BP_E_RANGE, "the salt has " + std::to_string(salt.size()) + " bytes; use " +
                                    std::to_string(salt_bytes) + " to " +
                                    std::to_string(pbkdf2_salt_bytes_max) + " random ones");
  }
  if (request.iterations() < iterations_min) {
    return bp::fail(BP_E_RANGE, "PBKDF2 with " + std::to_string(request.iterations()) +
                                    " iterations is too weak; use at least " +
                                    std::to_string(iterations_min));
  }
  const auto bytes = output_bytes_of(request.output_bytes(), 1, pbkdf2_output_bytes_max);
  BP_TRY(bytes);
  const auto derived = pbkdf2_sha256(password, salt, request.iterations(), *bytes);
  BP_TRY(derived);
  kdf_contract::Pbkdf2ReplyT reply;
  reply.output = to_vector(derived->bytes());
  return reply;
}

}  // namespace crypto_sodium
