// tests/plugins/crypto_sodium/record_file_test.cpp - absent is no error, the rest is as with any
// private file.
#include "record_file.hpp"

#include <cstdint>

#include <gtest/gtest.h>

#include "temporary_folder.hpp"

namespace crypto_sodium {
namespace {

namespace fs = std::filesystem;

TEST(RecordFile, ReadsBackWhatReplacedIt) {
  const testing::TemporaryFolder folder;
  const std::string path = folder.file("sub/record");
  EXPECT_EQ(read_record(path, 10).value(), std::nullopt) << "not even its folder is there";
  ASSERT_TRUE(replace_record(path, "1\n"));
  ASSERT_TRUE(replace_record(path, "2 3\n"));
  EXPECT_EQ(read_record(path, 10).value(), "2 3\n");
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST(RecordFile, OtherFailuresStay) {
  const testing::TemporaryFolder folder;
  EXPECT_EQ(read_record(folder.write("long", "12345"), 4).error().code(), BP_E_TOO_LARGE);
  const std::string open =
      folder.write("open", "1", fs::perms::owner_read | fs::perms::others_read);
  EXPECT_EQ(read_record(open, 4).error().code(), BP_E_PERMISSION);
}

TEST(RecordFile, ANumberHasNothingAroundIt) {
  std::uint32_t number = 7;
  EXPECT_TRUE(parse_number("4294967295", number));
  EXPECT_EQ(number, 4'294'967'295U);
  for (const char* text : {"", " 1", "1 ", "1\n", "-1", "+1", "0x1", "4294967296", "a"}) {
    EXPECT_FALSE(parse_number(text, number)) << '"' << text << '"';
  }
}

}  // namespace
}  // namespace crypto_sodium
