// tests/plugins/crypto_sodium/keyset_file_test.cpp - keys go to disk and back, sealed and whole.
#include "keyset_file.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "bytes.hpp"
#include "temporary_folder.hpp"

namespace crypto_sodium {
namespace {

class KeysetFileTest : public ::testing::Test {
 protected:
  static SealingKey sealing(std::uint8_t first) {
    return SealingKey::of(testing::counting_key(first)).value();
  }

  static std::vector<SealingKey> keys(std::uint8_t first) {
    std::vector<SealingKey> all;
    all.push_back(sealing(first));
    return all;
  }

  [[nodiscard]] std::string content() const {
    std::ifstream in(file.path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  testing::TemporaryFolder folder;
  KeysetFile file{folder.file("keyset")};
};

TEST_F(KeysetFileTest, AMissingFileIsAnEmptySet) {
  EXPECT_EQ(file.sealed_under().value(), std::nullopt);
  EXPECT_TRUE(file.read(keys(0)).value().rings.empty());
}

TEST_F(KeysetFileTest, KeepsEverything) {
  auto stored = testing::stored("mail", Purpose::Ed25519, 3, 3);
  stored.generation = 42;
  stored.rings[0].min_version = 2;
  stored.rings[0].versions[0].state = KeyState::Destroyed;
  stored.rings[0].versions[0].master.reset();
  stored.rings[0].versions[1].state = KeyState::Disabled;
  stored.rings.push_back(testing::stored("", Purpose::Messages, 1, 0).rings[0]);
  ASSERT_TRUE(file.write(stored, sealing(0)));
  EXPECT_EQ(file.sealed_under().value(), sealing(0).id());

  const StoredKeyset back = file.read(keys(0)).value();
  EXPECT_EQ(back.generation, 42U);
  ASSERT_EQ(back.rings.size(), 2U);
  const StoredRing& ring = back.rings[0];
  EXPECT_EQ(ring.name, "mail");
  EXPECT_EQ(ring.purpose, Purpose::Ed25519);
  EXPECT_EQ(ring.primary, 3U);
  EXPECT_EQ(ring.min_version, 2U);
  ASSERT_EQ(ring.versions.size(), 3U);
  EXPECT_EQ(ring.versions[0].state, KeyState::Destroyed);
  EXPECT_EQ(ring.versions[0].master, nullptr);
  EXPECT_EQ(ring.versions[1].state, KeyState::Disabled);
  EXPECT_EQ(ring.versions[2].created_s, 1'700'000'003);
  EXPECT_EQ(testing::hex(ring.versions[2].master->bytes()),
            testing::hex(testing::counting_key(102).bytes()));
  EXPECT_EQ(back.rings[1].name, "");
}

TEST_F(KeysetFileTest, IsPrivateAndShowsNoKey) {
  ASSERT_TRUE(file.write(testing::stored("mail", Purpose::Messages, 1, 1), sealing(0)));
  EXPECT_EQ(std::filesystem::status(file.path()).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(folder.entries(), 1U);  // nothing half written is left beside it
  const std::string key = testing::as_text(testing::counting_key(100).bytes());
  for (std::size_t at = 0; at + 8 <= key.size(); ++at) {
    EXPECT_EQ(content().find(key.substr(at, 8)), std::string::npos);
  }
  std::filesystem::permissions(file.path(), std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  EXPECT_EQ(file.read(keys(0)).error().code(), BP_E_PERMISSION);
}

TEST_F(KeysetFileTest, EveryFlippedBitAndEveryCutIsNoticed) {
  ASSERT_TRUE(file.write(testing::stored("mail", Purpose::Messages, 1, 1), sealing(0)));
  const std::string good = content();
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
    folder.write("keyset", bad);
    const auto read = file.read(keys(0));
    ASSERT_FALSE(read) << at;
    EXPECT_TRUE(read.error().code() == BP_E_CORRUPT || read.error().code() == BP_E_CONFLICT) << at;
    folder.write("keyset", good.substr(0, at));
    ASSERT_FALSE(file.read(keys(0))) << at;
  }
  folder.write("keyset", good + "x");
  EXPECT_EQ(file.read(keys(0)).error().code(), BP_E_CORRUPT);
  folder.write("keyset", good);
  EXPECT_TRUE(file.read(keys(0)));
}

TEST_F(KeysetFileTest, AnotherKeyIsNamed) {
  ASSERT_TRUE(file.write(testing::stored("mail", Purpose::Messages, 1, 1), sealing(0)));
  const auto read = file.read(keys(1));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), BP_E_CONFLICT);
  EXPECT_NE(read.error().message().find(std::to_string(sealing(0).id())), std::string::npos);
  EXPECT_NE(read.error().message().find("former_keys"), std::string::npos);
}

TEST_F(KeysetFileTest, ManyLongNamesAndVersionsFit) {
  StoredKeyset all;
  for (std::size_t i = 0; i < 4; ++i) {
    std::string name = std::to_string(i);
    name.resize(key_name_bytes_max, 'x');
    all.rings.push_back(testing::stored(name, Purpose::Messages, versions_max, 1).rings[0]);
  }
  ASSERT_TRUE(file.write(all, sealing(0)));
  const auto back = file.read(keys(0)).value();
  EXPECT_EQ(back.rings.size(), 4U);
  EXPECT_EQ(back.rings[3].versions.size(), versions_max);
}

}  // namespace
}  // namespace crypto_sodium
