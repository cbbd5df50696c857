// tests/plugins/crypto_sodium/nonce_pool_test.cpp - no nonce is given twice, to no thread or
// process.
#include "nonce_pool.hpp"

#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "bytes.hpp"

namespace crypto_sodium {
namespace {

std::string draw(NoncePool& pool, std::size_t size = 24) {
  testing::Buffer nonce(size);
  EXPECT_TRUE(pool.fill(nonce));
  return testing::as_text(nonce);
}

TEST(NoncePool, NeverRepeatsOverManyPages) {
  NoncePool pool;
  std::set<std::string> seen;
  for (int i = 0; i < 2000; ++i) {
    EXPECT_TRUE(seen.insert(draw(pool, i % 2 == 0 ? 24 : 12)).second);
  }
}

TEST(NoncePool, NeverRepeatsOverManyThreads) {
  NoncePool pool;
  std::mutex busy;
  std::set<std::string> seen;
  std::size_t drawn = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        std::vector<std::string> own;
        for (int i = 0; i < 500; ++i) {
          own.push_back(draw(pool));
        }
        const std::lock_guard hold(busy);
        drawn += own.size();
        seen.insert(own.begin(), own.end());
      });
    }
  }
  EXPECT_EQ(seen.size(), drawn);
}

TEST(NoncePool, AChildProcessDrawsItsOwn) {
  NoncePool pool;
  draw(pool);  // there is a page now
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    testing::Buffer nonce(24);
    const bool drawn =
        pool.fill(nonce).has_value() && ::write(ends[1], nonce.data(), nonce.size()) == 24;
    ::_exit(drawn ? 0 : 1);
  }
  const std::string ours = draw(pool);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  testing::Buffer theirs(24);
  ASSERT_EQ(::read(ends[0], theirs.data(), theirs.size()), 24);
  ::close(ends[0]);
  ::close(ends[1]);
  EXPECT_NE(testing::as_text(theirs), ours);
  EXPECT_NE(theirs, testing::Buffer(24));
}

}  // namespace
}  // namespace crypto_sodium
