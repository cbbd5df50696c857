// tests/host/daemon/folders_test.cpp - a data folder has one host, and its lock ends with it.
#include "host/daemon/folders.hpp"

#include <fstream>
#include <string>
#include <unistd.h>
#include <utility>

#include <gtest/gtest.h>

#include "tests/host/manifest/reading.hpp"

namespace host::daemon {
namespace {

class FoldersTest : public testing::Test {
 protected:
  test::Folder folder_;
  std::filesystem::path data_ = folder_.path() / "deep" / "data";
  std::filesystem::path run_ = folder_.path() / "run";
};

TEST_F(FoldersTest, AreMadeAndHoldTheProcessId) {
  const auto folders = Folders::claim(data_, run_);
  ASSERT_TRUE(folders) << folders.error().text();
  EXPECT_TRUE(std::filesystem::is_directory(run_));
  std::string pid;
  std::ifstream(data_ / "host.lock") >> pid;
  EXPECT_EQ(pid, std::to_string(::getpid()));
  const auto mode = std::filesystem::status(data_ / "host.lock").permissions();
  EXPECT_EQ(mode & std::filesystem::perms::others_all, std::filesystem::perms::none);
}

TEST_F(FoldersTest, KeepASecondHostOutAndNameTheFirst) {
  auto first = Folders::claim(data_, run_);
  ASSERT_TRUE(first);
  const auto second = Folders::claim(data_, folder_.path() / "run2");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), BP_E_BUSY);
  EXPECT_NE(second.error().text().find("by process " + std::to_string(::getpid())),
            std::string::npos)
      << second.error().text();
}

TEST_F(FoldersTest, AreFreeAgainWhenTheirOwnerIsGone) {
  {
    auto first = Folders::claim(data_, run_);
    ASSERT_TRUE(first);
    const Folders moved = std::move(*first);  // the moved-from one gives nothing back
  }
  EXPECT_TRUE(Folders::claim(data_, run_));
}

TEST_F(FoldersTest, TakeOverTheLockFileOfAHostThatWasKilled) {
  std::filesystem::create_directories(data_);
  std::ofstream(data_ / "host.lock") << "123456789012345";
  const auto folders = Folders::claim(data_, run_);
  ASSERT_TRUE(folders);
  std::string pid;
  std::ifstream(data_ / "host.lock") >> pid;
  EXPECT_EQ(pid, std::to_string(::getpid()));
}

TEST_F(FoldersTest, SayWhichKeyToSetWhereNoFolderCanBe) {
  const auto file = folder_.write("file", "");
  const auto data = Folders::claim(file / "data", run_);
  ASSERT_FALSE(data);
  EXPECT_EQ(data.error().code(), BP_E_IO);
  EXPECT_NE(data.error().text().find("fix: set host.data_dir"), std::string::npos);
  const auto run = Folders::claim(data_, file / "run");
  ASSERT_FALSE(run);
  EXPECT_NE(run.error().text().find("fix: set host.runtime_dir"), std::string::npos);
}

TEST_F(FoldersTest, SayWhenTheLockCannotBeOpened) {
  std::filesystem::create_directories(data_ / "host.lock");
  const auto folders = Folders::claim(data_, run_);
  ASSERT_FALSE(folders);
  EXPECT_EQ(folders.error().code(), BP_E_IO);
}

}  // namespace
}  // namespace host::daemon
