// tests/plugins/crypto_sodium/context_pool_test.cpp - contexts are reused, and never run out.
#include "context_pool.hpp"

#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "bytes.hpp"

namespace crypto_sodium {
namespace {

TEST(ContextPool, ReusesWhatCameBack) {
  const Secret key = testing::counting_key(0);
  const auto pool = ContextPool::open("AES-256-GCM", key.bytes()).value();
  const EVP_CIPHER_CTX* first = pool->take().value().get();
  EXPECT_EQ(pool->take().value().get(), first);
}

TEST(ContextPool, GivesEveryoneHisOwn) {
  const auto pool = ContextPool::open("ChaCha20-Poly1305", {}).value();
  std::vector<ContextPool::Loan> loans;
  std::set<EVP_CIPHER_CTX*> different;
  for (std::size_t i = 0; i < 2 * pooled_contexts_max; ++i) {
    loans.push_back(pool->take().value());
    different.insert(loans.back().get());
  }
  EXPECT_EQ(different.size(), 2 * pooled_contexts_max);
}

TEST(ContextPool, NamesACipherThatIsMissing) {
  const auto pool = ContextPool::open("ROT-13", {});
  ASSERT_FALSE(pool);
  EXPECT_EQ(pool.error().code(), BP_E_UNSUPPORTED);
  EXPECT_NE(pool.error().message().find("ROT-13"), std::string::npos);
}

TEST(ContextPool, NeverLendsOneContextToTwoThreads) {
  const auto pool = ContextPool::open("ChaCha20-Poly1305", {}).value();
  std::atomic<int> clashes{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5'000; ++i) {
        const auto loan = pool->take();
        // The application data of a context is ours: a clash is two threads counting on one.
        auto* marker = static_cast<std::atomic<int>*>(EVP_CIPHER_CTX_get_app_data(loan->get()));
        if (marker == nullptr) {
          marker = new std::atomic<int>(0);
          EVP_CIPHER_CTX_set_app_data(loan->get(), marker);
        }
        clashes += marker->fetch_add(1) == 0 ? 0 : 1;
        clashes += marker->fetch_sub(1) == 1 ? 0 : 1;
        EVP_CIPHER_CTX_set_app_data(loan->get(), nullptr);
        delete marker;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(clashes, 0);
}

}  // namespace
}  // namespace crypto_sodium
