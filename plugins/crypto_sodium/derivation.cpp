// plugins/crypto_sodium/derivation.cpp - HKDF on libsodium's HMAC, PBKDF2 on OpenSSL.
#include "derivation.hpp"

#include <array>
#include <sodium.h>

#include <openssl/evp.h>

namespace crypto_sodium {

bp::result<Secret> hkdf_sha256(Bytes key, std::string_view info) {
  auto extracted = Secret::allocate(crypto_auth_hmacsha256_BYTES);
  auto expanded = Secret::allocate(crypto_auth_hmacsha256_BYTES);
  if (!extracted || !expanded) {
    return std::unexpected(std::move(extracted ? expanded : extracted).error());
  }
  crypto_auth_hmacsha256_state state;
  const std::array<std::uint8_t, crypto_auth_hmacsha256_BYTES> no_salt{};
  crypto_auth_hmacsha256_init(&state, no_salt.data(), no_salt.size());
  crypto_auth_hmacsha256_update(&state, key.data(), key.size());
  crypto_auth_hmacsha256_final(&state, extracted->writable().data());

  const std::uint8_t first_block = 1;
  crypto_auth_hmacsha256_init(&state, extracted->bytes().data(), extracted->bytes().size());
  crypto_auth_hmacsha256_update(&state, reinterpret_cast<const std::uint8_t*>(info.data()),
                                info.size());
  crypto_auth_hmacsha256_update(&state, &first_block, 1);
  crypto_auth_hmacsha256_final(&state, expanded->writable().data());
  sodium_memzero(&state, sizeof(state));
  expanded->freeze();
  return expanded;
}

bp::result<Secret> pbkdf2_sha256(Bytes password, Bytes salt, std::uint32_t iterations,
                                 std::size_t output_bytes) {
  if (iterations == 0 || iterations > pbkdf2_iterations_max) {
    return bp::fail(BP_E_RANGE, "PBKDF2 with " + std::to_string(iterations) +
                                    " iterations is outside 1 to " +
                                    std::to_string(pbkdf2_iterations_max));
  }
  if (password.size() > password_bytes_max) {
    return bp::fail(BP_E_TOO_LARGE, "a password has at most " + std::to_string(password_bytes_max) +
                                        " bytes, this one has " + std::to_string(password.size()));
  }
  auto derived = Secret::allocate(output_bytes);
  if (!derived) {
    return derived;
  }
  const WritableBytes out = derived->writable();
  // OpenSSL reads a null password with length 0 as "no password set": hand it an empty string.
  const char* text = password.empty() ? "" : reinterpret_cast<const char*>(password.data());
  if (PKCS5_PBKDF2_HMAC(text, static_cast<int>(password.size()), salt.data(),
                        static_cast<int>(salt.size()), static_cast<int>(iterations), EVP_sha256(),
                        static_cast<int>(out.size()), out.data()) != 1) {
    return bp::fail(BP_E_NO_MEMORY, "OpenSSL could not run PBKDF2-HMAC-SHA256");
  }
  derived->freeze();
  return derived;
}

}  // namespace crypto_sodium
