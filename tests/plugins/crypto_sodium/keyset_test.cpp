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
  for (const Key* key : keys.keys()) {
    testing::Buffer tag(tag_bytes);
    const testing::Buffer nonce(nonce_bytes(key->facts().algorithm), 0);
    ASSERT_TRUE(key->use()->cipher().seal(nonce, {}, {}, tag));
    tags.insert(testing::hex(tag));
  }
  EXPECT_EQ(tags.size(), 4U);
}

TEST(Keyset, OnlyThePrimarySeals) {
  Keyset keys = with_primary(0);
  ASSERT_TRUE(keys.add_former(counting_key(1), KeyState::Enabled));
  const Key* sealing = keys.sealing(Algorithm::XChaCha20Poly1305, Framing::Keyed);
  EXPECT_EQ(sealing->facts().id, 0x6CC8552EU);
  EXPECT_TRUE(sealing->primary());
  EXPECT_EQ(keys.keys().size(), 8U);
}

TEST(Keyset, DisabledKeysDoNotOpen) {
  Keyset keys = with_primary(0);
  ASSERT_TRUE(keys.add_former(counting_key(1), KeyState::Enabled));
  ASSERT_TRUE(keys.add_former(counting_key(2), KeyState::Disabled));
  std::size_t opening = 0;
  for (const auto& key : keys.keys()) {
    opening += keys.opening(key->facts().id, Framing::Keyed) == nullptr ? 0U : 1U;
  }
  EXPECT_EQ(opening, 4U);  // two of each enabled key; raw ones are not found by id
  EXPECT_EQ(keys.opening(12345, Framing::Keyed), nullptr);
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

TEST(Keyset, AStoredVersionTakesOver) {
  Keyset keys = with_primary(0);
  const Key* before = keys.sealing(Algorithm::Aes256Gcm, Framing::Keyed);
  keys.commit(keys.prepare(testing::stored("", Purpose::Messages, 2, 2)).value());
  const Key* after = keys.sealing(Algorithm::Aes256Gcm, Framing::Keyed);
  EXPECT_NE(after, before);
  EXPECT_EQ(after->version().facts().number, 2U);
  EXPECT_TRUE(after->primary());
  EXPECT_FALSE(before->primary());
  EXPECT_EQ(keys.opening(before->facts().id, Framing::Keyed), before);
  // Foreign programs have the configured key and no other.
  EXPECT_TRUE(keys.sealing(Algorithm::Aes256Gcm, Framing::Raw)->version().configured());
  EXPECT_EQ(keys.default_ring().versions().size(), 3U);
}

TEST(Keyset, VersionsBelowTheMinimumOpenNothing) {
  Keyset keys = with_primary(0);
  const Key* configured = keys.sealing(Algorithm::Aes256Gcm, Framing::Keyed);
  auto stored = testing::stored("", Purpose::Messages, 2, 2);
  stored.rings[0].min_version = 2;
  keys.commit(keys.prepare(stored).value());
  EXPECT_EQ(keys.opening(configured->facts().id, Framing::Keyed), nullptr);
  EXPECT_EQ(keys.sealing(Algorithm::Aes256Gcm, Framing::Raw), nullptr);
  const Version* first = keys.default_ring().find(1);
  EXPECT_EQ(keys.opening(first->keys()[0]->facts().id, Framing::Keyed), nullptr);
  stored.rings[0].min_version = 0;
  keys.commit(keys.prepare(stored).value());
  EXPECT_EQ(keys.opening(configured->facts().id, Framing::Keyed), configured);
}

TEST(Keyset, NamesAreFoundWhileOthersAreAdded) {
  Keyset keys = with_primary(0);
  StoredKeyset stored;
  for (std::size_t i = 0; i + 1 < rings_max; ++i) {
    auto more = testing::stored("key" + std::to_string(i), Purpose::HmacSha256, 1, 1,
                                static_cast<std::uint8_t>(i + 10));
    stored.rings.push_back(more.rings[0]);
    keys.commit(keys.prepare(stored).value());
    EXPECT_EQ(keys.find("key" + std::to_string(i))->purpose(), Purpose::HmacSha256);
  }
  EXPECT_EQ(keys.find("key99"), nullptr);
  EXPECT_EQ(keys.find(""), &keys.default_ring());
  stored.rings.push_back(testing::stored("more", Purpose::HmacSha256, 1, 1, 200).rings[0]);
  EXPECT_EQ(keys.prepare(stored).error().code(), BP_E_FULL);
}

TEST(Keyset, AnIdThatIsTakenIsRefused) {
  Keyset keys = with_primary(0);
  auto stored = testing::stored("", Purpose::Messages, 1, 1);
  stored.rings[0].versions[0].master =
      std::make_shared<const Secret>(Secret::copy_of(counting_key(0).bytes()).value());
  EXPECT_EQ(keys.prepare(stored).error().code(), BP_E_EXISTS);
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
