// tests/plugins/crypto_sodium/keyset_test.cpp - ids, states, separate keys, the nonce budget.
#include "keyset.hpp"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "bytes.hpp"

namespace crypto_sodium {
namespace {

using testing::counting_key;

Keyset with_primary(std::uint8_t first) {
  Keyset keys;
  EXPECT_TRUE(keys.add_primary(counting_key(first)));
  return keys;
}

// Computed with Python's hmac from the documented labels; a change orphans stored ciphertexts.
TEST(Keyset, KeyIdsArePartOfTheFormat) {
  const Keyset keys = with_primary(0);
  EXPECT_EQ(keys.sealing(Algorithm::XChaCha20Poly1305, Framing::Keyed)->facts().id, 0x6CC8552EU);
  EXPECT_EQ(keys.sealing(Algorithm::Aes256Gcm, Framing::Keyed)->facts().id, 0xDE11F0F0U);
  EXPECT_EQ(keys.sealing(Algorithm::Aes256Gcm, Framing::Raw)->facts().id, 0xC6283C4DU);
  EXPECT_EQ(keys.sealing(Algorithm::XChaCha20Poly1305, Framing::Raw), nullptr);
}

TEST(Keyset, EachAlgorithmHasItsOwnKey) {
  const Keyset keys = with_primary(0);
  std::set<std::string> tags;
  for (const auto& key : keys.keys()) {
    testing::Buffer tag(tag_bytes);
    const testing::Buffer nonce(nonce_bytes(key->facts().algorithm), 0);
    ASSERT_TRUE(key->cipher().seal(nonce, {}, {}, tag));
    tags.insert(testing::hex(tag));
  }
  EXPECT_EQ(tags.size(), 3U);
}

TEST(Keyset, OnlyThePrimarySeals) {
  Keyset keys = with_primary(0);
  ASSERT_TRUE(keys.add_former(counting_key(1), KeyState::Enabled));
  const Key* sealing = keys.sealing(Algorithm::XChaCha20Poly1305, Framing::Keyed);
  EXPECT_EQ(sealing->facts().id, 0x6CC8552EU);
  EXPECT_TRUE(sealing->facts().primary);
  EXPECT_EQ(keys.keys().size(), 6U);
}

TEST(Keyset, DisabledKeysDoNotOpen) {
  Keyset keys = with_primary(0);
  ASSERT_TRUE(keys.add_former(counting_key(1), KeyState::Enabled));
  ASSERT_TRUE(keys.add_former(counting_key(2), KeyState::Disabled));
  std::size_t opening = 0;
  for (const auto& key : keys.keys()) {
    opening += keys.opening(key->facts().id) == nullptr ? 0U : 1U;
  }
  EXPECT_EQ(opening, 4U);  // two of each enabled key; raw ones are not found by id
  EXPECT_EQ(keys.opening(12345), nullptr);
}

TEST(Keyset, RefusesASecondPrimaryAndDuplicates) {
  Keyset keys = with_primary(0);
  EXPECT_EQ(keys.add_primary(counting_key(1)).error().code(), BP_E_STATE);
  EXPECT_EQ(keys.add_former(counting_key(0), KeyState::Enabled).error().code(), BP_E_EXISTS);
}

TEST(Keyset, IsBounded) {
  Keyset keys = with_primary(0);
  for (std::size_t i = 1; i < master_keys_max; ++i) {
    ASSERT_TRUE(keys.add_former(counting_key(static_cast<std::uint8_t>(i)), KeyState::Enabled));
  }
  EXPECT_EQ(keys.add_former(counting_key(200), KeyState::Enabled).error().code(), BP_E_FULL);
}

TEST(Keyset, AesStopsAtItsNonceBudget) {
  const Keyset keys = with_primary(0);
  const Key* key = keys.sealing(Algorithm::Aes256Gcm, Framing::Keyed);
  key->resume_from(gcm_messages_max - 1);
  EXPECT_TRUE(key->spend_nonce());
  const auto spent = key->spend_nonce();
  ASSERT_FALSE(spent);
  EXPECT_EQ(spent.error().code(), BP_E_UNAVAILABLE);
  EXPECT_NE(spent.error().message().find("former_keys"), std::string::npos);
}

TEST(Keyset, XChaChaHasNoBudget) {
  const Keyset keys = with_primary(0);
  const Key* key = keys.sealing(Algorithm::XChaCha20Poly1305, Framing::Keyed);
  key->resume_from(gcm_messages_max * 4);
  EXPECT_TRUE(key->spend_nonce());
  EXPECT_EQ(key->sealed_messages(), (gcm_messages_max * 4) + 1);
  EXPECT_EQ(key->sealed_messages_max(), 0U);
}

TEST(Keyset, ResumingNeverForgetsMessages) {
  const Keyset keys = with_primary(0);
  const Key* key = keys.sealing(Algorithm::Aes256Gcm, Framing::Keyed);
  key->resume_from(100);
  key->resume_from(50);
  EXPECT_EQ(key->sealed_messages(), 100U);
}

TEST(Keyset, KnowsEveryIdThatAMasterLeadsTo) {
  Keyset keys;
  ASSERT_TRUE(keys.add_primary(testing::counting_key(0)));
  for (const auto& key : keys.keys()) {
    EXPECT_TRUE(keys.has(key->facts().id));
    EXPECT_TRUE(leads_to(testing::counting_key(0), key->facts().id).value());
    EXPECT_FALSE(leads_to(testing::counting_key(1), key->facts().id).value());
  }
  EXPECT_FALSE(keys.has(0));
}

}  // namespace
}  // namespace crypto_sodium
