// plugins/crypto_sodium/context_pool.cpp - takes and returns contexts by atomic exchange.
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
  for (auto& place : places_) {
    EVP_CIPHER_CTX_free(place.exchange(nullptr));
  }
  EVP_CIPHER_free(cipher_);
}

bp::result<ContextPool::Loan> ContextPool::take() {
  for (auto& place : places_) {
    EVP_CIPHER_CTX* waiting = place.exchange(nullptr, std::memory_order_acquire);
    if (waiting != nullptr) {
      return Loan(*this, waiting);
    }
  }
  EVP_CIPHER_CTX* fresh = EVP_CIPHER_CTX_new();
  const std::uint8_t* key = key_.empty() ? nullptr : key_.data();
  if (fresh == nullptr || EVP_EncryptInit_ex2(fresh, cipher_, key, nullptr, nullptr) != 1) {
    EVP_CIPHER_CTX_free(fresh);
    return bp::fail(BP_E_NO_MEMORY, "OpenSSL could not make a cipher context");
  }
  return Loan(*this, fresh);
}

void ContextPool::give_back(EVP_CIPHER_CTX* context) noexcept {
  for (auto& place : places_) {
    EVP_CIPHER_CTX* empty = nullptr;
    if (place.compare_exchange_strong(empty, context, std::memory_order_release,
                                      std::memory_order_relaxed)) {
      return;
    }
  }
  EVP_CIPHER_CTX_free(context);
}

}  // namespace crypto_sodium
