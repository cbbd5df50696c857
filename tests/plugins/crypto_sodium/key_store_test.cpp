// tests/plugins/crypto_sodium/key_store_test.cpp - changes of keys: their rules, and that disk
// comes first.
#include "key_store.hpp"

#include <filesystem>

#include <gtest/gtest.h>

#include "aead.hpp"
#include "bytes.hpp"
#include "temporary_folder.hpp"

namespace crypto_sodium {
namespace {

using testing::as_bytes;

/// One start of the plugin.
struct Started {
  explicit Started(const std::string& path, std::uint8_t first = 0)
      : store(KeysetFile(path), keys) {
    EXPECT_TRUE(keys.add_primary(testing::counting_key(first)));
    std::vector<SealingKey> sealing;
    sealing.push_back(SealingKey::of(testing::counting_key(first)).value());
    opened = store.open(std::move(sealing));
  }

  Keyset keys;
  KeyStore store;
  bp::result<void> opened;
};

class KeyStoreTest : public ::testing::Test {
 protected:
  static bp_status code(const bp::result<void>& end) { return end ? BP_OK : end.error().code(); }

  testing::TemporaryFolder folder;
  const std::string path = folder.file("keyset");
};

TEST_F(KeyStoreTest, WhatWasMadeIsThereAtTheNextStart) {
  testing::Buffer sealed;
  {
    Started run(path);
    ASSERT_TRUE(run.opened);
    EXPECT_FALSE(std::filesystem::exists(path));  // nothing to keep yet
    ASSERT_TRUE(run.store.create("mail", Purpose::Aes256Gcm, 7));
    sealed = Aead(run.keys)
                 .seal(*run.keys.find("mail"), Algorithm::Aes256Gcm, Framing::Keyed,
                       as_bytes("hello"), {})
                 .value()
                 .bytes;
    ASSERT_TRUE(run.store.rotate("mail", 8));
    EXPECT_EQ(run.store.generation(), 2U);
  }
  Started next(path);
  ASSERT_TRUE(next.opened);
  EXPECT_EQ(next.store.generation(), 2U);
  const Ring* ring = next.keys.find("mail");
  ASSERT_NE(ring, nullptr);
  EXPECT_EQ(ring->primary()->facts().number, 2U);
  EXPECT_EQ(ring->primary()->facts().created_s, 8);
  EXPECT_EQ(testing::as_text(Aead(next.keys).open(Framing::Keyed, sealed, {}).value().plaintext),
            "hello");
}

TEST_F(KeyStoreTest, DisablingTakesBackAndDestroyingDoesNot) {
  Started run(path);
  ASSERT_TRUE(run.store.rotate("", 1));
  const auto sealed =
      Aead(run.keys).seal(Algorithm::Aes256Gcm, Framing::Keyed, as_bytes("hello"), {}).value();
  const auto opens = [&] {
    return Aead(run.keys).open(Framing::Keyed, sealed.bytes, {}).has_value();
  };
  EXPECT_EQ(code(run.store.set_state("", 1, KeyState::Disabled)), BP_E_STATE);  // the primary
  ASSERT_TRUE(run.store.rotate("", 2));
  EXPECT_TRUE(opens());
  EXPECT_EQ(code(run.store.set_state("", 1, KeyState::Destroyed)), BP_E_STATE);  // enabled
  ASSERT_TRUE(run.store.set_state("", 1, KeyState::Disabled));
  EXPECT_FALSE(opens());
  ASSERT_TRUE(run.store.set_state("", 1, KeyState::Enabled));
  EXPECT_TRUE(opens());
  ASSERT_TRUE(run.store.set_state("", 1, KeyState::Disabled));
  ASSERT_TRUE(run.store.set_state("", 1, KeyState::Destroyed));
  EXPECT_FALSE(opens());
  EXPECT_EQ(code(run.store.set_state("", 1, KeyState::Enabled)), BP_E_STATE);

  Started next(path);
  ASSERT_TRUE(next.opened);
  EXPECT_EQ(next.keys.any(sealed.key->facts().id), nullptr);  // its bytes are gone from the file
  EXPECT_EQ(next.keys.default_ring().find(1)->state(), KeyState::Destroyed);
}

TEST_F(KeyStoreTest, SaysWhyNot) {
  Started run(path);
  for (const std::string& name : {std::string(), std::string("a/b"), std::string("ä"),
                                  std::string(key_name_bytes_max + 1, 'a')}) {
    EXPECT_EQ(code(run.store.create(name, Purpose::Messages, 0)), BP_E_INVALID) << name;
  }
  ASSERT_TRUE(run.store.create("a.B_9-", Purpose::Messages, 0));
  EXPECT_EQ(code(run.store.create("a.B_9-", Purpose::Messages, 0)), BP_E_EXISTS);
  EXPECT_EQ(code(run.store.rotate("b", 0)), BP_E_NOT_FOUND);
  EXPECT_EQ(code(run.store.set_state("b", 1, KeyState::Disabled)), BP_E_NOT_FOUND);
  EXPECT_EQ(code(run.store.set_state("a.B_9-", 9, KeyState::Disabled)), BP_E_NOT_FOUND);
  EXPECT_EQ(code(run.store.set_state("", 0, KeyState::Disabled)), BP_E_STATE);
  EXPECT_EQ(code(run.store.set_min_version("a.B_9-", 2)), BP_E_RANGE);
  EXPECT_EQ(code(run.store.set_min_version("", 1)), BP_E_RANGE);
  ASSERT_TRUE(run.store.set_min_version("a.B_9-", 1));
  EXPECT_EQ(run.keys.find("a.B_9-")->min_version(), 1U);
}

TEST_F(KeyStoreTest, AChangeThatCannotBeWrittenDoesNotHappen) {
  Started run(folder.file("missing/folder/keyset"));
  ASSERT_TRUE(run.opened);
  EXPECT_FALSE(run.store.create("mail", Purpose::Messages, 0));
  EXPECT_EQ(run.keys.find("mail"), nullptr);
  EXPECT_FALSE(run.store.rotate("", 0));
  EXPECT_TRUE(run.keys.default_ring().primary()->configured());
  EXPECT_EQ(run.store.generation(), 0U);
}

TEST_F(KeyStoreTest, DestroyedVersionsMakeRoomForNewOnes) {
  StoredKeyset many = testing::stored("mail", Purpose::HmacSha256, versions_max, versions_max);
  for (std::uint32_t i = 0; i < versions_max; ++i) {
    many.rings[0].versions[i].master =
        std::make_shared<const Secret>(Secret::random(key_bytes).value());
  }
  ASSERT_TRUE(KeysetFile(path).write(many, SealingKey::of(testing::counting_key(0)).value()));
  Started run(path);
  ASSERT_TRUE(run.opened);
  EXPECT_EQ(code(run.store.rotate("mail", 1)), BP_E_FULL);
  ASSERT_TRUE(run.store.set_state("mail", 1, KeyState::Disabled));
  ASSERT_TRUE(run.store.set_state("mail", 1, KeyState::Destroyed));
  EXPECT_TRUE(run.store.rotate("mail", 1));
  Started next(path);
  ASSERT_TRUE(next.opened);
  EXPECT_EQ(next.keys.find("mail")->versions().size(), versions_max);
  EXPECT_EQ(next.keys.find("mail")->primary()->facts().number, versions_max + 1);
}

}  // namespace
}  // namespace crypto_sodium
