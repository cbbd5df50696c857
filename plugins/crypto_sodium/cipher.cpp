// plugins/crypto_sodium/cipher.cpp - both algorithms on both libraries: libsodium for small
// messages.
#include "cipher.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <sodium.h>

namespace crypto_sodium {
namespace {

constexpr std::size_t hchacha_input_bytes = 16;
constexpr std::size_t chacha_nonce_bytes = 12;

bool update(EVP_CIPHER_CTX* context, std::uint8_t* out, Bytes in) noexcept {
  int written = 0;
  return in.empty() ||
         EVP_CipherUpdate(context, out, &written, in.data(), static_cast<int>(in.size())) == 1;
}

bool finish(EVP_CIPHER_CTX* context) noexcept {
  // A stream cipher's final step writes nothing, but OpenSSL wants a place to write it to.
  std::array<std::uint8_t, tag_bytes> nothing{};
  int written = 0;
  return EVP_CipherFinal_ex(context, nothing.data(), &written) == 1;
}

/// draft-irtf-cfrg-xchacha: a key for this message from the first 16 bytes of the nonce, and the
/// remaining 8 behind four zeros as the nonce of ChaCha20-Poly1305.
bool start_xchacha(EVP_CIPHER_CTX* context, Bytes key, Bytes nonce, bool encrypt) noexcept {
  std::array<std::uint8_t, key_bytes> message_key{};
  std::array<std::uint8_t, chacha_nonce_bytes> message_nonce{};
  crypto_core_hchacha20(message_key.data(), nonce.data(), key.data(), nullptr);
  std::ranges::copy(nonce.subspan(hchacha_input_bytes), message_nonce.begin() + 4);
  const bool started = EVP_CipherInit_ex2(context, nullptr, message_key.data(),
                                          message_nonce.data(), encrypt ? 1 : 0, nullptr) == 1;
  wipe(message_key);
  return started;
}

/// What libsodium's AES works with; nothing where the processor lacks the instructions.
bp::result<std::optional<Secret>> expand_for_libsodium(Bytes key) {
  if (crypto_aead_aes256gcm_is_available() == 0) {
    return std::nullopt;
  }
  auto expanded = Secret::allocate(sizeof(crypto_aead_aes256gcm_state));
  if (!expanded) {
    return std::unexpected(std::move(expanded).error());
  }
  crypto_aead_aes256gcm_beforenm(
      reinterpret_cast<crypto_aead_aes256gcm_state*>(expanded->writable().data()), key.data());
  expanded->freeze();
  return std::optional<Secret>(std::move(*expanded));
}

const crypto_aead_aes256gcm_state* state_of(const Secret& expanded) noexcept {
  return reinterpret_cast<const crypto_aead_aes256gcm_state*>(expanded.bytes().data());
}

}  // namespace

bp::result<Cipher> Cipher::open(Algorithm algorithm, Secret key) {
  assert(is_cipher(algorithm) && key.bytes().size() == key_bytes);
  const bool aes = algorithm == Algorithm::Aes256Gcm;
  auto contexts =
      ContextPool::open(aes ? "AES-256-GCM" : "ChaCha20-Poly1305", aes ? key.bytes() : Bytes{});
  if (!contexts) {
    return std::unexpected(std::move(contexts).error());
  }
  auto expanded =
      aes ? expand_for_libsodium(key.bytes()) : bp::result<std::optional<Secret>>(std::nullopt);
  if (!expanded) {
    return std::unexpected(std::move(expanded).error());
  }
  return Cipher(algorithm, std::move(key), std::move(*expanded), std::move(*contexts));
}

bool Cipher::uses_libsodium(std::size_t plaintext_bytes) const noexcept {
  return algorithm_ == Algorithm::XChaCha20Poly1305
             ? plaintext_bytes < xchacha_openssl_from_bytes
             : plaintext_bytes < gcm_openssl_from_bytes && expanded_.has_value();
}

void Cipher::seal_small(Bytes nonce, Bytes plaintext, Bytes associated_data,
                        WritableBytes out) const noexcept {
  if (algorithm_ == Algorithm::Aes256Gcm) {
    crypto_aead_aes256gcm_encrypt_afternm(out.data(), nullptr, plaintext.data(), plaintext.size(),
                                          associated_data.data(), associated_data.size(), nullptr,
                                          nonce.data(), state_of(*expanded_));
  } else {
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        out.data(), nullptr, plaintext.data(), plaintext.size(), associated_data.data(),
        associated_data.size(), nullptr, nonce.data(), key_.bytes().data());
  }
}

bool Cipher::open_small(Bytes nonce, Bytes sealed, Bytes associated_data,
                        WritableBytes out) const noexcept {
  if (algorithm_ == Algorithm::Aes256Gcm) {
    return crypto_aead_aes256gcm_decrypt_afternm(
               out.data(), nullptr, nullptr, sealed.data(), sealed.size(), associated_data.data(),
               associated_data.size(), nonce.data(), state_of(*expanded_)) == 0;
  }
  return crypto_aead_xchacha20poly1305_ietf_decrypt(
             out.data(), nullptr, nullptr, sealed.data(), sealed.size(), associated_data.data(),
             associated_data.size(), nonce.data(), key_.bytes().data()) == 0;
}

bp::result<ContextPool::Loan> Cipher::start(Bytes nonce, Bytes associated_data,
                                            bool encrypt) const {
  auto context = contexts_->take();
  if (!context) {
    return context;
  }
  // AES contexts hold the expanded key already; only the nonce changes.
  const bool started = algorithm_ == Algorithm::Aes256Gcm
                           ? EVP_CipherInit_ex2(context->get(), nullptr, nullptr, nonce.data(),
                                                encrypt ? 1 : 0, nullptr) == 1
                           : start_xchacha(context->get(), key_.bytes(), nonce, encrypt);
  if (!started || !update(context->get(), nullptr, associated_data)) {
    return bp::fail(BP_E_NO_MEMORY, "OpenSSL could not start " + std::string(name(algorithm_)));
  }
  return context;
}

bp::result<void> Cipher::seal(Bytes nonce, Bytes plaintext, Bytes associated_data,
                              WritableBytes out) const {
  assert(nonce.size() == nonce_bytes(algorithm_));
  assert(out.size() == plaintext.size() + tag_bytes);
  if (uses_libsodium(plaintext.size())) {
    seal_small(nonce, plaintext, associated_data, out);
    return {};
  }
  const auto context = start(nonce, associated_data, true);
  if (!context) {
    return std::unexpected(context.error());
  }
  const WritableBytes tag = out.last(tag_bytes);
  if (!update(context->get(), out.data(), plaintext) || !finish(context->get()) ||
      EVP_CIPHER_CTX_ctrl(context->get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag.size()),
                          tag.data()) != 1) {
    wipe(out);
    return bp::fail(BP_E_NO_MEMORY, "OpenSSL could not finish " + std::string(name(algorithm_)));
  }
  return {};
}

bp::result<void> Cipher::open(Bytes nonce, Bytes sealed, Bytes associated_data,
                              WritableBytes out) const {
  assert(nonce.size() == nonce_bytes(algorithm_));
  assert(sealed.size() == out.size() + tag_bytes);
  if (uses_libsodium(out.size())) {
    if (open_small(nonce, sealed, associated_data, out)) {
      return {};
    }
    wipe(out);
    return decryption_failed();
  }
  const auto context = start(nonce, associated_data, false);
  if (!context) {
    return std::unexpected(context.error());
  }
  // OpenSSL takes the expected tag through a non-const pointer: give it a copy.
  std::array<std::uint8_t, tag_bytes> tag{};
  std::ranges::copy(sealed.last(tag_bytes), tag.begin());
  if (EVP_CIPHER_CTX_ctrl(context->get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag.size()),
                          tag.data()) != 1 ||
      !update(context->get(), out.data(), sealed.first(out.size())) || !finish(context->get())) {
    wipe(out);
    return decryption_failed();
  }
  return {};
}

}  // namespace crypto_sodium
