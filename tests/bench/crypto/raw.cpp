// tests/bench/crypto/raw.cpp - loops over the libraries' own calls.
#include "tests/bench/crypto/raw.hpp"

#include <cstring>
#include <memory>
#include <sodium.h>
#include <stdexcept>
#include <string>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "tests/bench/crypto/sizes.hpp"
#include "tests/bench/race/measure.hpp"

namespace bench {

namespace {

constexpr std::size_t tag_bytes = 16;
constexpr std::size_t gcm_nonce_bytes = 12;
constexpr std::size_t xchacha_nonce_bytes = 24;

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

Context new_context() {
  return {EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
}

void expect(bool done, const char* what) {
  if (!done) {
    throw std::runtime_error(what);
  }
}

struct Buffers {
  explicit Buffers(std::uint32_t size) : plaintext(size, 'p'), sealed(size + tag_bytes) {}

  CryptoKey key{1};
  std::array<std::uint8_t, xchacha_nonce_bytes> nonce{};
  std::array<std::uint8_t, associated_bytes> associated{};
  std::vector<std::uint8_t> plaintext;
  std::vector<std::uint8_t> sealed;

  void count(std::uint64_t number) { std::memcpy(nonce.data(), &number, sizeof number); }
};

void gcm(EVP_CIPHER_CTX* context, Buffers& in) {
  int written = 0;
  const int size = static_cast<int>(in.plaintext.size());
  expect(
      EVP_EncryptUpdate(context, nullptr, &written, in.associated.data(), associated_bytes) == 1 &&
          EVP_EncryptUpdate(context, in.sealed.data(), &written, in.plaintext.data(), size) == 1 &&
          EVP_EncryptFinal_ex(context, in.sealed.data() + size, &written) == 1 &&
          EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tag_bytes, in.sealed.data() + size) ==
              1,
      "OpenSSL does not seal");
}

template <typename Prepare, typename Once>
Contender loop(const Work& work, const char* name, Prepare prepare, Once once) {
  return {work.row, name, [work, prepare, once]() -> Round {
            auto in = std::make_shared<Buffers>(work.plaintext_bytes);
            auto with = std::make_shared<decltype(prepare(*in))>(prepare(*in));
            return [in, with, once](std::uint64_t count) -> Sample {
              const std::uint64_t begin = bench_now_ns();
              for (std::uint64_t i = 0; i < count; ++i) {
                once(*with, *in, i);
                keep(in->sealed[0]);
              }
              return {per_operation(begin, bench_now_ns(), count), 0};
            };
          }};
}

Contender libsodium(const Work& work) {
  return loop(
      work, "libsodium", [](Buffers&) { return sodium_init(); },
      [](int, Buffers& in, std::uint64_t number) {
        in.count(number);
        crypto_aead_xchacha20poly1305_ietf_encrypt(
            in.sealed.data(), nullptr, in.plaintext.data(), in.plaintext.size(),
            in.associated.data(), in.associated.size(), nullptr, in.nonce.data(), in.key.data());
      });
}

Contender libsodium_gcm(const Work& work) {
  return loop(
      work, "libsodium",
      [](Buffers& in) {
        expect(sodium_init() >= 0 && crypto_aead_aes256gcm_is_available() != 0,
               "libsodium has no AES on this processor");
        crypto_aead_aes256gcm_state expanded;
        crypto_aead_aes256gcm_beforenm(&expanded, in.key.data());
        return expanded;
      },
      [](const crypto_aead_aes256gcm_state& expanded, Buffers& in, std::uint64_t number) {
        in.count(number);
        crypto_aead_aes256gcm_encrypt_afternm(
            in.sealed.data(), nullptr, in.plaintext.data(), in.plaintext.size(),
            in.associated.data(), in.associated.size(), nullptr, in.nonce.data(), &expanded);
      });
}

Contender openssl(const Work& work) {
  return loop(
      work, "OpenSSL",
      [](Buffers& in) {
        Context context = new_context();
        EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
        expect(EVP_EncryptInit_ex2(context.get(), cipher, in.key.data(), nullptr, nullptr) == 1,
               "OpenSSL does not start");
        EVP_CIPHER_free(cipher);
        return context;
      },
      [](const Context& context, Buffers& in, std::uint64_t number) {
        in.count(number);
        EVP_EncryptInit_ex2(context.get(), nullptr, nullptr, in.nonce.data(), nullptr);
        gcm(context.get(), in);
      });
}

Contender naive(const Work& work) {
  return loop(
      work, "OpenSSL naive", [](Buffers&) { return 0; },
      [](int, Buffers& in, std::uint64_t) {
        expect(RAND_bytes(in.nonce.data(), gcm_nonce_bytes) == 1, "no random bytes");
        const Context context = new_context();
        EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, in.key.data(),
                           in.nonce.data());
        gcm(context.get(), in);
      });
}

}  // namespace

Contenders library_contenders() {
  Contenders all;
  for (const Work& work : works) {
    all.push_back(work.aes ? openssl(work) : libsodium(work));
    if (work.aes && work.plaintext_bytes <= 64) {
      all.push_back(naive(work));
      all.push_back(libsodium_gcm(work));
    }
  }
  return all;
}

CryptoKey derived_key(const CryptoKey& master, const char* label) {
  // HKDF-SHA256 with an empty salt and one block of output.
  CryptoKey extracted{};
  CryptoKey derived{};
  const CryptoKey no_salt{};
  crypto_auth_hmacsha256(extracted.data(), master.data(), master.size(), no_salt.data());
  const std::string info = std::string(label) + '\x01';
  crypto_auth_hmacsha256(derived.data(), reinterpret_cast<const std::uint8_t*>(info.data()),
                         info.size(), extracted.data());
  return derived;
}

std::vector<std::uint8_t> open_with_library(bool aes, const CryptoKey& key,
                                            std::span<const std::uint8_t> sealed,
                                            std::span<const std::uint8_t> associated) {
  const std::size_t nonce_bytes = aes ? gcm_nonce_bytes : xchacha_nonce_bytes;
  expect(sealed.size() >= nonce_bytes + tag_bytes, "the ciphertext is too short");
  const auto body = sealed.subspan(nonce_bytes);
  std::vector<std::uint8_t> plaintext(body.size() - tag_bytes);
  if (!aes) {
    expect(crypto_aead_xchacha20poly1305_ietf_decrypt(
               plaintext.data(), nullptr, nullptr, body.data(), body.size(), associated.data(),
               associated.size(), sealed.data(), key.data()) == 0,
           "libsodium does not open it");
    return plaintext;
  }
  const Context context = new_context();
  int written = 0;
  std::vector<std::uint8_t> tag(body.end() - tag_bytes, body.end());
  expect(
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(), sealed.data()) ==
              1 &&
          EVP_DecryptUpdate(context.get(), nullptr, &written, associated.data(),
                            static_cast<int>(associated.size())) == 1 &&
          EVP_DecryptUpdate(context.get(), plaintext.data(), &written, body.data(),
                            static_cast<int>(plaintext.size())) == 1 &&
          EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, tag_bytes, tag.data()) == 1 &&
          EVP_DecryptFinal_ex(context.get(), tag.data(), &written) == 1,
      "OpenSSL does not open it");
  return plaintext;
}

}  // namespace bench
