// tests/plugins/crypto_sodium/key_record_test.cpp - no start takes a strange key for the known one.
#include "key_record.hpp"

#include <filesystem>

#include <gtest/gtest.h>

#include "bytes.hpp"
#include "temporary_folder.hpp"

namespace crypto_sodium {
namespace {

class KeyRecordTest : public ::testing::Test {
 protected:
  [[nodiscard]] KeyRecord opened() const {
    KeyRecord record(path);
    const auto open = record.open();
    EXPECT_TRUE(open) << open.error().text();
    return record;
  }

  static Keyset keyset(std::uint8_t first) {
    Keyset keys;
    EXPECT_TRUE(keys.add_primary(testing::counting_key(first)));
    return keys;
  }

  static std::uint32_t id_of(const Keyset& keys,
                             Algorithm algorithm = Algorithm::XChaCha20Poly1305) {
    return keys.sealing(algorithm, Framing::Keyed)->facts().id;
  }

  testing::TemporaryFolder folder;
  const std::string path = folder.file("key_id");
};

TEST_F(KeyRecordTest, AFreshFolderTakesAnyKey) {
  const KeyRecord record = opened();
  EXPECT_FALSE(record.id());
  EXPECT_EQ(record.remedy(), "");
  const Keyset keys = keyset(0);
  EXPECT_TRUE(record.check(keys, id_of(keys)));
  EXPECT_FALSE(std::filesystem::exists(path));  // looking makes no record
}

TEST_F(KeyRecordTest, KeepsTheIdForTheNextStart) {
  const Keyset keys = keyset(0);
  KeyRecord first = opened();
  ASSERT_TRUE(first.note(id_of(keys)));
  const KeyRecord next = opened();
  EXPECT_EQ(next.id(), id_of(keys));
  EXPECT_TRUE(next.check(keys, id_of(keys)));
  EXPECT_EQ(std::filesystem::status(path).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(KeyRecordTest, AnotherAlgorithmOfTheSameMasterIsTheSameKey) {
  const Keyset keys = keyset(0);
  KeyRecord record = opened();
  ASSERT_TRUE(record.note(id_of(keys)));
  EXPECT_TRUE(record.check(keys, id_of(keys, Algorithm::Aes256Gcm)));
  ASSERT_TRUE(record.note(id_of(keys, Algorithm::Aes256Gcm)));
  EXPECT_EQ(opened().id(), id_of(keys, Algorithm::Aes256Gcm));
}

TEST_F(KeyRecordTest, AStrangeKeyIsRefusedWithBothIds) {
  const Keyset before = keyset(0);
  KeyRecord record = opened();
  ASSERT_TRUE(record.note(id_of(before)));
  const Keyset after = keyset(1);
  const auto checked = record.check(after, id_of(after));
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code(), BP_E_CONFLICT);
  for (const std::string& word : {std::to_string(id_of(before)), std::to_string(id_of(after)), path,
                                  std::string("former_keys"), std::string("backup")}) {
    EXPECT_NE(checked.error().message().find(word), std::string::npos) << word;
  }
}

TEST_F(KeyRecordTest, AFormerKeyIsKnownEvenWhenItIsDisabled) {
  const Keyset before = keyset(0);
  KeyRecord record = opened();
  ASSERT_TRUE(record.note(id_of(before)));
  Keyset rotated = keyset(1);
  ASSERT_TRUE(rotated.add_former(testing::counting_key(0), KeyState::Disabled));
  EXPECT_TRUE(record.check(rotated, id_of(rotated)));
}

TEST_F(KeyRecordTest, RefusesADamagedFile) {
  for (const char* content : {"", "\n", "x\n", "0\n", "12 \n", "12\n\n", "4294967296\n"}) {
    folder.write("key_id", content);
    KeyRecord record(path);
    const auto open = record.open();
    ASSERT_FALSE(open) << content;
    EXPECT_EQ(open.error().code(), BP_E_CORRUPT);
    EXPECT_NE(open.error().message().find(path), std::string::npos);
  }
}

TEST_F(KeyRecordTest, AFailedWriteIsReportedAndNotBelieved) {
  KeyRecord record(folder.file("missing/folder/key_id"));
  EXPECT_FALSE(record.note(7));
  EXPECT_FALSE(record.id());
}

}  // namespace
}  // namespace crypto_sodium
