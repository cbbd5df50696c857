// plugins/crypto_sodium/derivation.cpp - HKDF on libsodium's HMAC, PBKDF2 on OpenSSL.
#include "derivation.hpp"

#include <algorithm>
#include <array>
#include <sodium.h>

#include <openssl/evp.h>

namespace crypto_sodium {

void hkdf_sha256_to(Bytes input, Bytes salt, Bytes info, WritableBytes out) noexcept {
  std::array<std::uint8_t, crypto_auth_hmacsha256_BYTES> extracted{};
  std::array<std::uint8_t, crypto_auth_hmacsha256_BYTES> block{};
  crypto_auth_hmacsha256_state state;
  const Bytes no_salt(extracted);  // as many zeros as the hash has bytes
  const Bytes first = salt.empty() ? no_salt : salt;
  crypto_auth_hmacsha256_init(&state, first.data(), first.size());
  crypto_auth_hmacsha256_update(&state, input.data(), input.size());
  crypto_auth_hmacsha256_final(&state, extracted.data());
  std::size_t before = 0;  // bytes of the previous block that go into the next
  for (std::uint8_t number = 1; !out.empty(); ++number) {
    crypto_auth_hmacsha256_init(&state, extracted.data(), extracted.size());
    crypto_auth_hmacsha256_update(&state, block.data(), before);
    crypto_auth_hmacsha256_update(&state, info.data(), info.size());
    crypto_auth_hmacsha256_update(&state, &number, 1);
    crypto_auth_hmacsha256_final(&state, block.data());
    before = block.size();
    const std::size_t taken = std::min(out.size(), block.size());
    std::ranges::copy(Bytes(block).first(taken), out.begin());
    out = out.subspan(taken);
  }
  wipe(extracted);
  wipe(block);
  sodium_memzero(&state, sizeof(state));
}

bp::result<Secret> hkdf_sha256(Bytes key, std::string_view info) {
  auto derived = Secret::allocate(key_bytes);
  if (derived) {
    hkdf_sha256_to(key, {}, {reinterpret_cast<const std::uint8_t*>(info.data()), info.size()},
                   derived->writable());
    derived->freeze();
  }
  return derived;
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
