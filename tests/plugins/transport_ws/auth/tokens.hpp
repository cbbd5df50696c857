// tests/plugins/transport_ws/auth/tokens.hpp - JSON Web Tokens made by hand, also wrong ones.
#pragma once

#include <string>
#include <string_view>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "../tls/paper.hpp"
#include "auth/digest.hpp"
#include "json/base64.hpp"

namespace transport_ws::auth {

inline const std::string jwt_secret(32, 's');

inline std::string base64url(std::string_view bytes) {
  std::string text = json::to_base64(bytes);
  while (text.ends_with('=')) {
    text.pop_back();
  }
  for (char& c : text) {
    c = c == '+' ? '-' : c == '/' ? '_' : c;
  }
  return text;
}

inline std::string hs256(std::string_view claims, std::string_view secret = jwt_secret,
                         std::string_view header = R"({"alg":"HS256","typ":"JWT"})") {
  const std::string covered = base64url(header) + "." + base64url(claims);
  const Digest code = hmac_sha256(secret, covered);
  return covered + "." + base64url({reinterpret_cast<const char*>(code.data()), code.size()});
}

class SigningKey {
 public:
  SigningKey() : key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free) {}

  [[nodiscard]] std::string public_pem() const {
    return tls::pem_of([&](BIO* into) { PEM_write_bio_PUBKEY(into, key_.get()); });
  }

  [[nodiscard]] PublicKey get() const { return key_; }

  [[nodiscard]] std::string sign(std::string_view text) const {
    std::string signature(64, '\0');
    std::size_t bytes = signature.size();
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_DigestSignInit(context, nullptr, nullptr, nullptr, key_.get());
    EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &bytes,
                   reinterpret_cast<const unsigned char*>(text.data()), text.size());
    EVP_MD_CTX_free(context);
    return signature;
  }

  [[nodiscard]] std::string token(std::string_view claims,
                                  std::string_view header = R"({"alg":"EdDSA"})") const {
    const std::string covered = base64url(header) + "." + base64url(claims);
    return covered + "." + base64url(sign(covered));
  }

 private:
  std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace transport_ws::auth
