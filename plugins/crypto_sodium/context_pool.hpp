// plugins/crypto_sodium/context_pool.hpp - OpenSSL cipher contexts, reused without locks.
//
// A new context costs more than sealing a small message, and a plugin may not use thread-local
// storage (it would pin the library). So contexts wait in a few atomic places; when all are taken,
// one more is made and later thrown away. Owns: contexts, and with them the expanded key.
// Thread: any. Blocks: no.
#pragma once

#include <array>
#include <atomic>
#include <memory>

#include <openssl/evp.h>

#include "secret.hpp"

namespace crypto_sodium {

inline constexpr std::size_t pooled_contexts_max = 8;

class ContextPool {
 public:
  class Loan;

  /// `cipher_name` as OpenSSL knows it. With a key, every context carries it already; without,
  /// the user sets one per message. The key must outlive the pool.
  [[nodiscard]] static bp::result<std::unique_ptr<ContextPool>> open(const char* cipher_name,
                                                                     Bytes key);
  ~ContextPool();
  ContextPool(const ContextPool&) = delete;
  ContextPool& operator=(const ContextPool&) = delete;

  /// A context for one message; it returns by itself. Errors: NO_MEMORY.
  [[nodiscard]] bp::result<Loan> take();

 private:
  ContextPool(EVP_CIPHER* cipher, Bytes key) : cipher_(cipher), key_(key) {}

  void give_back(EVP_CIPHER_CTX* context) noexcept;

  EVP_CIPHER* cipher_;
  Bytes key_;
  std::array<std::atomic<EVP_CIPHER_CTX*>, pooled_contexts_max> places_{};
};

class ContextPool::Loan {
 public:
  Loan(ContextPool& pool, EVP_CIPHER_CTX* context) : context_(context, Return{&pool}) {}

  [[nodiscard]] EVP_CIPHER_CTX* get() const noexcept { return context_.get(); }

 private:
  struct Return {
    ContextPool* pool;

    void operator()(EVP_CIPHER_CTX* context) const noexcept { pool->give_back(context); }
  };

  std::unique_ptr<EVP_CIPHER_CTX, Return> context_;
};

}  // namespace crypto_sodium
