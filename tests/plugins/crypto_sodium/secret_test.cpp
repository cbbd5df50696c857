// tests/plugins/crypto_sodium/secret_test.cpp - guarded memory: zeroed, frozen, never printed.
#include "secret.hpp"

#include <algorithm>
#include <concepts>
#include <ostream>
#include <utility>

#include <gtest/gtest.h>

#include "bytes.hpp"

namespace crypto_sodium {
namespace {

template <typename Value>
concept Printable = requires(std::ostream& out, const Value& value) { out << value; };

static_assert(!Printable<Secret>);
static_assert(!std::copyable<Secret>);
static_assert(std::movable<Secret>);

TEST(Secret, StartsZeroed) {
  const auto secret = Secret::allocate(100);
  ASSERT_TRUE(secret);
  EXPECT_EQ(secret->bytes().size(), 100U);
  EXPECT_TRUE(std::ranges::all_of(secret->bytes(), [](auto byte) { return byte == 0; }));
}

TEST(Secret, CopiesAndMoves) {
  const testing::Buffer original = testing::unhex("00112233");
  auto secret = Secret::copy_of(original);
  ASSERT_TRUE(secret);
  const Secret moved = std::move(*secret);
  EXPECT_EQ(testing::hex(moved.bytes()), "00112233");
}

TEST(Secret, TruncateOnlyShortens) {
  auto secret = Secret::copy_of(testing::as_bytes("abcdef"));
  ASSERT_TRUE(secret);
  secret->truncate(3);
  EXPECT_EQ(testing::as_text(secret->bytes()), "abc");
  secret->truncate(100);
  EXPECT_EQ(secret->bytes().size(), 3U);
}

TEST(Secret, RandomOnesDiffer) {
  const auto one = Secret::random(32);
  const auto other = Secret::random(32);
  ASSERT_TRUE(one && other);
  EXPECT_NE(testing::hex(one->bytes()), testing::hex(other->bytes()));
}

TEST(Secret, MayBeEmpty) {
  const auto secret = Secret::allocate(0);
  ASSERT_TRUE(secret);
  EXPECT_TRUE(secret->bytes().empty());
}

TEST(SecretDeathTest, WritingToAFrozenOneEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        auto secret = Secret::copy_of(testing::as_bytes("fixed")).value();
        volatile std::uint8_t* byte = secret.writable().data();
        *byte = 1;
      },
      "");
}

TEST(Secret, WipeClearsOrdinaryMemory) {
  testing::Buffer buffer = testing::unhex("ffffffff");
  wipe(buffer);
  EXPECT_EQ(testing::hex(buffer), "00000000");
}

}  // namespace
}  // namespace crypto_sodium
