// tests/plugins/crypto_sodium/generation_record_test.cpp - no start takes an old keyset for the
// newest.
#include "generation_record.hpp"

#include <filesystem>
#include <limits>

#include <gtest/gtest.h>

#include "bytes.hpp"
#include "temporary_folder.hpp"

namespace crypto_sodium {
namespace {

constexpr std::uint64_t generation_max = std::numeric_limits<std::uint64_t>::max();

class GenerationRecordTest : public ::testing::Test {
 protected:
  [[nodiscard]] GenerationRecord opened() const {
    GenerationRecord record(path);
    const auto open = record.open();
    EXPECT_TRUE(open) << open.error().text();
    return record;
  }

  static std::vector<SealingKey> keys(std::initializer_list<std::uint8_t> firsts) {
    std::vector<SealingKey> all;
    for (const std::uint8_t first : firsts) {
      all.push_back(SealingKey::of(testing::counting_key(first)).value());
    }
    return all;
  }

  static std::uint32_t id(std::uint8_t first) { return keys({first}).front().id(); }

  static void expect_words(const bp::error& error, std::initializer_list<std::string> words) {
    for (const std::string& word : words) {
      EXPECT_NE(error.message().find(word), std::string::npos) << word << ": " << error.message();
    }
  }

  testing::TemporaryFolder folder;
  const std::string path = folder.file("key_generation");
};

TEST_F(GenerationRecordTest, AFreshFolderTakesAnyKeysetOrNone) {
  GenerationRecord record = opened();
  EXPECT_EQ(record.generation(), 0U);
  EXPECT_TRUE(record.check_found("keyset", false));
  EXPECT_TRUE(record.check_found("keyset", true));
  EXPECT_TRUE(record.check("keyset", 7, keys({0})));
  ASSERT_TRUE(record.note(0, id(0)));  // no keyset is no use of one
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(GenerationRecordTest, KeepsTheGenerationForTheNextStart) {
  for (const std::uint64_t generation : {std::uint64_t{5}, generation_max}) {
    GenerationRecord first = opened();
    ASSERT_TRUE(first.note(generation, id(0)));
    const GenerationRecord next = opened();
    EXPECT_EQ(next.generation(), generation);
    EXPECT_TRUE(next.check("keyset", generation, keys({0})));
  }
  EXPECT_EQ(std::filesystem::status(path).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(folder.entries(), 1U);
}

TEST_F(GenerationRecordTest, AMissingKeysetIsRefused) {
  GenerationRecord record = opened();
  ASSERT_TRUE(record.note(5, id(0)));
  EXPECT_TRUE(record.check_found("/data/keyset", true));
  const auto missing = record.check_found("/data/keyset", false);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), BP_E_NOT_FOUND);
  expect_words(missing.error(), {"'/data/keyset' is missing", "generation 5", "newest copy",
                                 "remove '" + path + "'"});
}

TEST_F(GenerationRecordTest, AnOlderKeysetIsRefusedAndANewerOneIsNot) {
  GenerationRecord record = opened();
  ASSERT_TRUE(record.note(5, id(0)));
  EXPECT_TRUE(record.check("/data/keyset", 5, keys({0})));
  EXPECT_TRUE(record.check("/data/keyset", 6, keys({0})));
  const auto older = record.check("/data/keyset", 3, keys({0}));
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().code(), BP_E_CONFLICT);
  expect_words(older.error(), {"'/data/keyset' is older than this instance has used",
                               "(generation 3, seen 5)", "newest copy", "remove '" + path + "'"});
}

TEST_F(GenerationRecordTest, AKeysetOfAnotherKeyIsRefusedUnlessTheKnownOneIsAFormerOne) {
  GenerationRecord record = opened();
  ASSERT_TRUE(record.note(5, id(0)));
  EXPECT_TRUE(record.check("/data/keyset", 5, keys({1, 0})));
  const auto strange = record.check("/data/keyset", 9, keys({1}));
  ASSERT_FALSE(strange);
  EXPECT_EQ(strange.error().code(), BP_E_CONFLICT);
  expect_words(strange.error(), {"'/data/keyset'", std::to_string(id(0)), "remove '" + path + "'"});
  ASSERT_TRUE(record.note(5, id(1)));  // the keyset was sealed anew
  EXPECT_TRUE(opened().check("/data/keyset", 5, keys({1})));
}

TEST_F(GenerationRecordTest, RefusesADamagedFile) {
  for (const char* content : {"", "\n", "x\n", "5\n", "5 \n", "0 7\n", "5 7 \n", "5 7\n\n",
                              "-5 7\n", "5 4294967296\n", "18446744073709551616 7\n"}) {
    folder.write("key_generation", content);
    GenerationRecord record(path);
    const auto open = record.open();
    ASSERT_FALSE(open) << content;
    EXPECT_EQ(open.error().code(), BP_E_CORRUPT);
    expect_words(open.error(), {path, "remove"});
  }
}

TEST_F(GenerationRecordTest, AFailedWriteIsReportedAndNotBelieved) {
  GenerationRecord record(folder.file("missing/folder/key_generation"));
  EXPECT_FALSE(record.note(7, id(0)));
  EXPECT_EQ(record.generation(), 0U);
}

}  // namespace
}  // namespace crypto_sodium
