// tests/plugins/crypto_sodium/key_test.cpp - what versions derive, and that destroying wipes at
// last.
#include "key.hpp"

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bytes.hpp"
#include "keyset.hpp"

namespace crypto_sodium {
namespace {

class KeyTest : public ::testing::Test {
 protected:
  static std::unique_ptr<Version> derived(const Ring& ring) {
    auto version = std::make_unique<Version>(Version::Facts{1, 0}, ring, KeyState::Enabled);
    EXPECT_TRUE(version->derive(testing::counting_key(0), ring.purpose(), false));
    return version;
  }
};

TEST_F(KeyTest, APurposeDecidesWhatIsDerived) {
  const auto count = [](Purpose purpose) {
    const Ring ring("a", purpose);
    return derived(ring)->keys().size();
  };
  EXPECT_EQ(count(Purpose::Messages), 3U);  // both ciphers and streams; raw is the configured key's
  EXPECT_EQ(count(Purpose::XChaCha20Poly1305), 2U);
  EXPECT_EQ(count(Purpose::Aes256Gcm), 1U);
  EXPECT_EQ(count(Purpose::Ed25519), 1U);
  EXPECT_EQ(count(Purpose::HmacSha256), 1U);
  EXPECT_EQ(count(Purpose::HkdfSha256), 1U);
}

TEST_F(KeyTest, IdsAreTheSameForEveryPurpose) {
  const Ring both("a", Purpose::Messages);
  const Ring one("b", Purpose::Aes256Gcm);
  EXPECT_EQ(derived(both)->find(Algorithm::Aes256Gcm, Framing::Keyed)->facts().id, 0xDE11F0F0U);
  EXPECT_EQ(derived(one)->find(Algorithm::Aes256Gcm, Framing::Keyed)->facts().id, 0xDE11F0F0U);
}

TEST_F(KeyTest, ADestroyedKeyCannotBeUsed) {
  const Ring ring("a", Purpose::Messages);
  const auto version = derived(ring);
  const Key& key = *version->keys()[0];
  ASSERT_TRUE(key.use());
  version->set_state(KeyState::Disabled);
  EXPECT_FALSE(key.opens());
  version->set_state(KeyState::Destroyed);
  EXPECT_FALSE(key.use());
  EXPECT_EQ(key.state(), KeyState::Destroyed);
}

TEST_F(KeyTest, DestroyingWaitsForWhoeverIsInside) {
  const Ring ring("a", Purpose::Aes256Gcm);
  const auto version = derived(ring);
  const Key& key = *version->keys()[0];
  std::atomic<bool> destroyed{false};
  std::optional<Key::Use> use = key.use();
  std::jthread destroyer([&] {
    version->set_state(KeyState::Destroyed);
    destroyed = true;
  });
  while (key.use()) {
    std::this_thread::yield();
  }
  EXPECT_FALSE(destroyed);  // nobody new gets in, and we are still inside
  testing::Buffer tag(tag_bytes);
  const testing::Buffer nonce(12);
  EXPECT_TRUE(use->cipher().seal(nonce, {}, {}, tag));
  use.reset();
  destroyer.join();
  EXPECT_TRUE(destroyed);
}

TEST_F(KeyTest, MoreUsersThanFlagsAreCounted) {
  const Ring ring("a", Purpose::Aes256Gcm);
  const auto version = derived(ring);
  {
    std::vector<Key::Use> inside;
    for (std::size_t i = 0; i < users_flagged_max + 3; ++i) {
      inside.push_back(std::move(*version->keys()[0]->use()));
    }
    while (!inside.empty()) {
      EXPECT_TRUE(version->used());
      inside.pop_back();
    }
  }
  EXPECT_FALSE(version->used());
}

TEST_F(KeyTest, WearsOutBeforeTheLimit) {
  const Ring ring("a", Purpose::Messages);
  const auto version = derived(ring);
  const Key* aes = version->find(Algorithm::Aes256Gcm, Framing::Keyed);
  EXPECT_FALSE(aes->worn());
  aes->resume_from(gcm_messages_rotate_from);
  EXPECT_TRUE(aes->worn());
  EXPECT_TRUE(aes->spend_nonce());
  const Key* xchacha = version->find(Algorithm::XChaCha20Poly1305, Framing::Keyed);
  xchacha->resume_from(gcm_messages_max * 2);
  EXPECT_FALSE(xchacha->worn());
}

}  // namespace
}  // namespace crypto_sodium
