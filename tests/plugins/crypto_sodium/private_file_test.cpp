// tests/plugins/crypto_sodium/private_file_test.cpp - permissions, atomic creation, races.
#include "private_file.hpp"

#include <atomic>
#include <filesystem>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "bytes.hpp"
#include "temporary_folder.hpp"

namespace crypto_sodium {
namespace {

namespace fs = std::filesystem;
using testing::as_bytes;
using testing::as_text;

TEST(PrivateFile, ReadsBackWhatItCreated) {
  const testing::TemporaryFolder folder;
  const std::string path = folder.file("sub/key");
  EXPECT_TRUE(create_private_file(path, as_bytes("content")).value());
  EXPECT_EQ(as_text(read_private_file(path, 100).value().bytes()), "content");
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(fs::status(folder.file("sub")).permissions(), fs::perms::owner_all);
}

TEST(PrivateFile, CreatingNeverReplaces) {
  const testing::TemporaryFolder folder;
  const std::string path = folder.write("key", "first");
  EXPECT_FALSE(create_private_file(path, as_bytes("second")).value());
  EXPECT_EQ(as_text(read_private_file(path, 100).value().bytes()), "first");
  EXPECT_EQ(folder.entries(), 1U);  // nothing left behind
}

TEST(PrivateFile, ReplacingReplaces) {
  const testing::TemporaryFolder folder;
  const std::string path = folder.write("count", "first");
  ASSERT_TRUE(replace_private_file(path, as_bytes("second")));
  EXPECT_EQ(as_text(read_private_file(path, 100).value().bytes()), "second");
  EXPECT_EQ(folder.entries(), 1U);
}

TEST(PrivateFile, RefusesWhatOthersMayRead) {
  const testing::TemporaryFolder folder;
  for (const fs::perms extra : {fs::perms::group_read, fs::perms::others_read,
                                fs::perms::group_write, fs::perms::others_exec}) {
    const std::string path = folder.write("key", "content", fs::perms::owner_read | extra);
    const auto content = read_private_file(path, 100);
    ASSERT_FALSE(content);
    EXPECT_EQ(content.error().code(), BP_E_PERMISSION);
    EXPECT_NE(content.error().message().find("chmod 600 '" + path + "'"), std::string::npos);
    fs::remove(path);
  }
}

TEST(PrivateFile, NamesWhatCannotBeRead) {
  const testing::TemporaryFolder folder;
  const std::string missing = folder.file("missing");
  EXPECT_EQ(read_private_file(missing, 100).error().code(), BP_E_NOT_FOUND);
  EXPECT_NE(read_private_file(missing, 100).error().message().find(missing), std::string::npos);
  EXPECT_EQ(read_private_file(folder.file(""), 100).error().code(), BP_E_INVALID);
  EXPECT_EQ(read_private_file(folder.write("long", "123456"), 5).error().code(), BP_E_TOO_LARGE);
  const std::string pipe = folder.file("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(read_private_file(pipe, 100).error().code(), BP_E_INVALID);
}

TEST(PrivateFile, CreationFailsByNameWhereThereIsNoFolder) {
  const testing::TemporaryFolder folder;
  const auto created = create_private_file(folder.file("a/b/key"), as_bytes("content"));
  ASSERT_FALSE(created);
  EXPECT_NE(created.error().message().find("a/b/key"), std::string::npos);
}

TEST(PrivateFile, OfManyCreatorsOneWinsAndAllReadTheSame) {
  const testing::TemporaryFolder folder;
  constexpr int creators = 8;
  for (int round = 0; round < 10; ++round) {
    const std::string path = folder.file("key" + std::to_string(round));
    std::atomic<int> winners{0};
    std::vector<std::string> seen(creators);
    {
      std::latch together(creators);
      std::vector<std::jthread> threads;
      for (int t = 0; t < creators; ++t) {
        threads.emplace_back([&, t] {
          together.arrive_and_wait();
          const std::string mine(32, static_cast<char>('a' + t));
          winners += create_private_file(path, as_bytes(mine)).value() ? 1 : 0;
          seen[static_cast<std::size_t>(t)] = as_text(read_private_file(path, 100).value().bytes());
        });
      }
    }
    EXPECT_EQ(winners, 1);
    for (const std::string& content : seen) {
      EXPECT_EQ(content.size(), 32U);
      EXPECT_EQ(content, seen[0]);
    }
  }
}

}  // namespace
}  // namespace crypto_sodium
