// plugins/crypto_sodium/context_pool.cpp - takes the first context that nobody has.
#include "context_pool.hpp"

#include <string>

namespace crypto_sodium {

bp::result<std::unique_ptr<ContextPool>> ContextPool::open(const char* cipher_name, Bytes key) {
  EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, cipher_name, nullptr);
  if (cipher == nullptr) {
    return bp::fail(BP_E_UNSUPPORTED, "OpenSSL does not offer " + std::string(cipher_name) +
                                          "; check its provider configuration (openssl.cnf)");
  }
  return std::unique_ptr<ContextPool>(new ContextPool(cipher, key));
}

ContextPool::~ContextPool() {
  for (const Place& place : places_) {
    EVP_CIPHER_CTX_free(place.context);
  }
  EVP_CIPHER_free(cipher_);
}

EVP_CIPHER_CTX* ContextPool::make() const noexcept {
  EVP_CIPHER_CTX* fresh = EVP_CIPHER_CTX_new();
  const std::uint8_t* key = key_.empty() ? nullptr : key_.data();
  if (fresh == nullptr || EVP_EncryptInit_ex2(fresh, cipher_, key, nullptr, nullptr) != 1) {
    EVP_CIPHER_CTX_free(fresh);
    return nullptr;
  }
  return fresh;
}

bp::result<ContextPool::Loan> ContextPool::take() {
  std::atomic<bool>* taken = nullptr;
  EVP_CIPHER_CTX* context = nullptr;
  for (Place& place : places_) {
    if (place.taken.exchange(true, std::memory_order_acquire)) {
      continue;
    }
    taken = &place.taken;
    if (place.context == nullptr) [[unlikely]] {
      place.context = make();
    }
    context = place.context;
    break;
  }
  if (taken == nullptr) {
    context = make();
  }
  Loan loan(context, taken);
  if (context == nullptr) [[unlikely]] {
    return bp::fail(BP_E_NO_MEMORY, "OpenSSL could not make a cipher context");
  }
  return loan;
}

}  // namespace crypto_sodium
