// plugins/transport_ws/auth/digest.cpp - thin calls of EVP.
#include "auth/digest.hpp"

#include <utility>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "json/base64.hpp"
#include "json/hex.hpp"
#include "tls/failure.hpp"
#include "tls/file.hpp"

namespace transport_ws::auth {

namespace {

const unsigned char* octets(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

Digest sha256(std::string_view bytes) {
  Digest digest{};
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return digest;
}

Digest hmac_sha256(std::string_view key, std::string_view bytes) {
  Digest digest{};
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), octets(bytes), bytes.size(),
       digest.data(), &length);
  return digest;
}

bool same(const Digest& a, const Digest& b) noexcept {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::optional<Digest> digest_of_hex(std::string_view text) {
  Digest digest{};
  const bool read = text.size() == 2 * digest.size() && json::read_hex(text, digest);
  return read ? std::optional(digest) : std::nullopt;
}

std::optional<std::string> from_base64url(std::string_view text) {
  constexpr std::string_view not_url = "+/=";
  if (text.find_first_of(not_url) != std::string_view::npos || text.size() % 4 == 1) {
    return std::nullopt;
  }
  std::string plain(text);
  for (char& c : plain) {
    c = c == '-' ? '+' : c == '_' ? '/' : c;
  }
  plain.append((4 - plain.size() % 4) % 4, '=');
  return json::from_base64(plain);
}

bp::result<PublicKey> read_ed25519(const std::string& path) {
  const auto content = tls::read_file(path, tls::Readers::Anybody);
  BP_TRY(content);
  BIO* pem = BIO_new_mem_buf(content->data(), static_cast<int>(content->size()));
  PublicKey key(PEM_read_bio_PUBKEY(pem, nullptr, nullptr, nullptr), &EVP_PKEY_free);
  BIO_free(pem);
  if (key == nullptr || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519) {
    return bp::fail(
        BP_E_INVALID,
        fmt::format("'{}' holds no Ed25519 public key in PEM ({}); fix: write it with "
                    "openssl pkey -in <private key> -pubout -out '{}'",
                    path, key == nullptr ? tls::take_reason() : "another kind of key", path));
  }
  return key;
}

bool verify_ed25519(const PublicKey& key, std::string_view bytes,
                    std::string_view signature) noexcept {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const bool good = EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, key.get()) == 1 &&
                    EVP_DigestVerify(context, octets(signature), signature.size(), octets(bytes),
                                     bytes.size()) == 1;
  EVP_MD_CTX_free(context);
  ERR_clear_error();
  return good;
}

}  // namespace transport_ws::auth
