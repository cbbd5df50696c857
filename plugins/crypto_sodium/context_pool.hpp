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
#include <utility>

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

  /// Its context is of whoever set `taken`.
  struct Place {
    std::atomic<bool> taken{false};
    EVP_CIPHER_CTX* context = nullptr;
  };

  [[nodiscard]] EVP_CIPHER_CTX* make() const noexcept;

  EVP_CIPHER* cipher_;
  Bytes key_;
  std::array<Place, pooled_contexts_max> places_{};
};

class ContextPool::Loan {
 public:
  /// `taken`: of the place where it belongs; null: it is thrown away.
  Loan(EVP_CIPHER_CTX* context, std::atomic<bool>* taken) : context_(context), taken_(taken) {}

  Loan(Loan&& other) noexcept
      : context_(std::exchange(other.context_, nullptr)),
        taken_(std::exchange(other.taken_, nullptr)) {}

  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;
  Loan& operator=(Loan&&) = delete;

  ~Loan() {
    if (taken_ != nullptr) {
      taken_->store(false, std::memory_order_release);
    } else {
      EVP_CIPHER_CTX_free(context_);
    }
  }

  [[nodiscard]] EVP_CIPHER_CTX* get() const noexcept { return context_; }

 private:
  EVP_CIPHER_CTX* context_;
  std::atomic<bool>* taken_;
};

}  // namespace crypto_sodium
