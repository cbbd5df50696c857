// plugins/crypto_sodium/digest.cpp - SHA-2 on OpenSSL, BLAKE2b and random bytes on libsodium.
#include "digest.hpp"

#include <sodium.h>
#include <string>

#include <openssl/evp.h>

#include "payload.hpp"

namespace crypto_sodium {
namespace {

constexpr std::size_t blake2b_bytes = 32;

bp::result<std::vector<std::uint8_t>> sha2(const EVP_MD* type, Bytes message) {
  std::vector<std::uint8_t> digest(static_cast<std::size_t>(EVP_MD_get_size(type)));
  if (EVP_Digest(message.data(), message.size(), digest.data(), nullptr, type, nullptr) != 1) {
    return bp::fail(BP_E_NO_MEMORY, "OpenSSL could not hash");
  }
  return digest;
}

bp::result<std::vector<std::uint8_t>> blake2b(Bytes message, std::size_t digest_bytes) {
  std::vector<std::uint8_t> digest(digest_bytes);
  crypto_generichash_blake2b(digest.data(), digest.size(), message.data(), message.size(), nullptr,
                             0);
  return digest;
}

}  // namespace

bp::result<std::vector<std::uint8_t>> digest_of(hash_contract::Algorithm algorithm, Bytes message,
                                                std::size_t digest_bytes) {
  if (algorithm != hash_contract::Algorithm::Blake2b && digest_bytes != 0) {
    return bp::fail(BP_E_RANGE, "only BLAKE2b has a choice of 'digest_bytes'; leave it out");
  }
  switch (algorithm) {
    case hash_contract::Algorithm::Sha256:
      return sha2(EVP_sha256(), message);
    case hash_contract::Algorithm::Sha512:
      return sha2(EVP_sha512(), message);
    case hash_contract::Algorithm::Blake2b:
      break;
    default:
      return bp::fail(BP_E_INVALID, "algorithm " +
                                        std::to_string(static_cast<unsigned>(algorithm)) +
                                        " is unknown; use Sha256, Sha512 or Blake2b");
  }
  const std::size_t wanted = digest_bytes == 0 ? blake2b_bytes : digest_bytes;
  if (wanted < blake2b_bytes_min || wanted > blake2b_bytes_max) {
    return bp::fail(BP_E_RANGE, "'digest_bytes' is " + std::to_string(wanted) + "; BLAKE2b gives " +
                                    std::to_string(blake2b_bytes_min) + " to " +
                                    std::to_string(blake2b_bytes_max));
  }
  return blake2b(message, wanted);
}

bp::result<hash_contract::HashReplyT> hash_message(const hash_contract::HashRequest& request) {
  const auto message = message_of(request.message(), request.text());
  BP_TRY(message);
  auto digest = digest_of(request.algorithm(), *message, request.digest_bytes());
  BP_TRY(digest);
  hash_contract::HashReplyT reply;
  reply.hex.resize(2 * digest->size());
  sodium_bin2hex(reply.hex.data(), reply.hex.size() + 1, digest->data(), digest->size());
  reply.digest = std::move(*digest);
  return reply;
}

bp::result<random_contract::BytesReplyT> random_bytes(
    const random_contract::BytesRequest& request) {
  if (request.count() == 0 || request.count() > random_bytes_max) {
    return bp::fail(BP_E_RANGE, "'count' is " + std::to_string(request.count()) +
                                    "; ask for 1 to " + std::to_string(random_bytes_max));
  }
  random_contract::BytesReplyT reply;
  reply.bytes.resize(request.count());
  randombytes_buf(reply.bytes.data(), reply.bytes.size());
  return reply;
}

}  // namespace crypto_sodium
