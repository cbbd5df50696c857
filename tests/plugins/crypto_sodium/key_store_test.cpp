// tests/plugins/crypto_sodium/key_store_test.cpp - changes of keys: their rules, and that disk
// comes first.
#include "key_store.hpp"

#include <filesystem>
#include <functional>

#include <gtest/gtest.h>

#include "aead.hpp"
#include "bytes.hpp"
#include "temporary_folder.hpp"

namespace crypto_sodium {
namespace {

namespace fs = std::filesystem;
using testing::as_bytes;

/// One start of the plugin.
struct Started {
  /// `path` of the keyset; the first key is the configured one, the others are former ones.
  explicit Started(const std::string& path, std::initializer_list<std::uint8_t> firsts = {0})
      : store(KeysetFile(path), GenerationRecord(path + ".generation"), keys) {
    EXPECT_TRUE(keys.add_primary(testing::counting_key(*firsts.begin())));
    std::vector<SealingKey> sealing;
    for (const std::uint8_t first : firsts) {
      sealing.push_back(SealingKey::of(testing::counting_key(first)).value());
    }
    opened = store.open(std::move(sealing));
  }

  Keyset keys;
  KeyStore store;
  bp::result<void> opened;
};

class KeyStoreTest : public ::testing::Test {
 protected:
  static bp_status code(const bp::result<void>& end) { return end ? BP_OK : end.error().code(); }

  /// A change, after which the record is as it was: as a crash between the two writes leaves it.
  void crash_in(const std::function<bp::result<void>(KeyStore&)>& change) const {
    Started run(path);
    ASSERT_TRUE(run.opened);
    const bool recorded = fs::exists(record);
    if (recorded) {
      fs::copy_file(record, folder.file("before"));
    }
    ASSERT_TRUE(change(run.store));
    ASSERT_TRUE(fs::exists(record));
    fs::remove(record);
    if (recorded) {
      fs::rename(folder.file("before"), record);
    }
  }

  static bp::result<void> create_mail(KeyStore& store) {
    return store.create("mail", Purpose::Messages, 7);
  }

  static bp::result<void> rotate_mail(KeyStore& store) { return store.rotate("mail", 8); }

  testing::TemporaryFolder folder;
  const std::string path = folder.file("keyset");
  const std::string record = path + ".generation";
};

TEST_F(KeyStoreTest, WhatWasMadeIsThereAtTheNextStart) {
  testing::Buffer sealed;
  {
    Started run(path);
    ASSERT_TRUE(run.opened);
    EXPECT_EQ(folder.entries(), 0U);  // nothing to keep yet
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

TEST_F(KeyStoreTest, WhatIsNotOnDiskIsNotRecorded) {
  Started run(path);
  ASSERT_TRUE(run.opened);
  fs::create_directory(path);  // nothing can take its place
  EXPECT_FALSE(create_mail(run.store));
  EXPECT_FALSE(fs::exists(record));
  fs::remove(path);
  EXPECT_TRUE(Started(path).opened);
}

TEST_F(KeyStoreTest, AChangeThatIsNotRecordedIsNotUsed) {
  Started run(path);
  ASSERT_TRUE(run.opened);
  fs::create_directory(record);  // nothing can take its place
  EXPECT_FALSE(create_mail(run.store));
  EXPECT_EQ(run.keys.find("mail"), nullptr);
  EXPECT_EQ(run.store.generation(), 0U);
  fs::remove(record);
  ASSERT_TRUE(create_mail(run.store));
  const Started next(path);
  ASSERT_TRUE(next.opened);
  EXPECT_EQ(next.store.generation(), 1U);
}

TEST_F(KeyStoreTest, ALostFileIsRefusedUntilItIsGivenUp) {
  {
    Started run(path);
    ASSERT_TRUE(create_mail(run.store));
  }
  fs::rename(path, folder.file("backup"));
  EXPECT_EQ(code(Started(path).opened), BP_E_NOT_FOUND);
  fs::rename(folder.file("backup"), path);
  EXPECT_TRUE(Started(path).opened);
  fs::remove(path);
  fs::remove(record);
  Started anew(path);
  ASSERT_TRUE(anew.opened);
  EXPECT_EQ(anew.keys.find("mail"), nullptr);
  EXPECT_TRUE(create_mail(anew.store));
}

TEST_F(KeyStoreTest, AnOlderFileIsRefusedUntilItIsTakenOnPurpose) {
  {
    Started run(path);
    ASSERT_TRUE(create_mail(run.store));
    fs::copy_file(path, folder.file("old"));
    ASSERT_TRUE(rotate_mail(run.store));
    ASSERT_TRUE(rotate_mail(run.store));
  }
  fs::rename(path, folder.file("newest"));
  fs::copy_file(folder.file("old"), path);
  const auto refused = Started(path).opened;
  EXPECT_EQ(code(refused), BP_E_CONFLICT);
  EXPECT_NE(refused.error().message().find("(generation 1, seen 3)"), std::string::npos);

  fs::copy_file(folder.file("newest"), path, fs::copy_options::overwrite_existing);
  EXPECT_TRUE(Started(path).opened);

  fs::copy_file(folder.file("old"), path, fs::copy_options::overwrite_existing);
  fs::remove(record);
  const Started anew(path);
  ASSERT_TRUE(anew.opened);
  EXPECT_EQ(anew.store.generation(), 1U);
  EXPECT_TRUE(fs::exists(record));  // from now on
}

TEST_F(KeyStoreTest, ANewerFileIsTakenAndRecorded) {
  {
    Started run(path);
    ASSERT_TRUE(create_mail(run.store));
    fs::copy_file(path, folder.file("old"));
  }
  StoredKeyset newer = testing::stored("mail", Purpose::Messages, 2, 2);
  newer.generation = 9;
  ASSERT_TRUE(KeysetFile(path).write(newer, SealingKey::of(testing::counting_key(0)).value()));
  {
    const Started run(path);
    ASSERT_TRUE(run.opened);
    EXPECT_EQ(run.store.generation(), 9U);
  }
  fs::copy_file(folder.file("old"), path, fs::copy_options::overwrite_existing);
  const auto refused = Started(path).opened;
  EXPECT_EQ(code(refused), BP_E_CONFLICT);
  EXPECT_NE(refused.error().message().find("(generation 1, seen 9)"), std::string::npos);
}

TEST_F(KeyStoreTest, ACrashBetweenTheTwoWritesStopsNoStart) {
  crash_in(create_mail);  // the first change of all: there is no record yet
  EXPECT_FALSE(fs::exists(record));
  crash_in(rotate_mail);
  const Started next(path);
  ASSERT_TRUE(next.opened) << next.opened.error().text();
  EXPECT_EQ(next.store.generation(), 2U);
  EXPECT_EQ(next.keys.find("mail")->primary()->facts().number, 2U);
  // And the start made good what the crash left out.
  fs::remove(path);
  const auto refused = Started(path).opened;
  EXPECT_EQ(code(refused), BP_E_NOT_FOUND);
  EXPECT_NE(refused.error().message().find("generation 2"), std::string::npos);
}

TEST_F(KeyStoreTest, ACrashWhileAnotherKeyTakesOverStopsNoStart) {
  {
    Started run(path);
    ASSERT_TRUE(create_mail(run.store));
    fs::copy_file(record, folder.file("before"));
  }
  ASSERT_TRUE(Started(path, {1, 0}).opened);  // sealed anew
  fs::rename(folder.file("before"), record);  // and then the crash
  ASSERT_TRUE(Started(path, {1, 0}).opened);
  EXPECT_TRUE(Started(path, {1}).opened);
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
