// tests/host/log/output_test.cpp - files are appended to; a reader that stopped cannot hold us.
#include "host/log/output.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#if defined(__linux__)
#include <fcntl.h>
#include <unistd.h>

#include <sys/stat.h>
#endif

namespace host::log {
namespace {

class OutputTest : public testing::Test {
 protected:
  OutputTest()
      : folder_(std::filesystem::temp_directory_path() /
                ("backplane_log_output_" +
                 std::to_string(std::hash<std::thread::id>{}(std::this_thread::get_id())) +
                 testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }

  ~OutputTest() override { std::filesystem::remove_all(folder_); }

  static std::string content(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

  std::filesystem::path folder_;
  std::atomic<bool> give_up_{false};
};

TEST_F(OutputTest, AppendsToAFile) {
  const auto path = (folder_ / "a.log").string();
  for (const char* line : {"one\n", "two\n"}) {
    auto output = open_output(path);
    ASSERT_TRUE(output) << output.error().text();
    EXPECT_FALSE((*output)->is_terminal());
    EXPECT_TRUE((*output)->write(line, give_up_));
  }
  EXPECT_EQ(content(path), "one\ntwo\n");
}

TEST_F(OutputTest, NamesTheFileItCannotOpen) {
  const auto output = open_output((folder_ / "missing" / "a.log").string());
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code(), BP_E_IO);
  EXPECT_NE(output.error().text().find("missing/a.log"), std::string::npos);
}

#if defined(__linux__)
TEST_F(OutputTest, GivesUpOnAReaderThatDoesNotRead) {
  const auto path = (folder_ / "pipe").string();
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  auto output = open_output(path);
  ASSERT_TRUE(output);
  give_up_ = true;
  EXPECT_FALSE((*output)->write("lost\n", give_up_));
  give_up_ = false;
  EXPECT_TRUE((*output)->write("kept\n", give_up_));
  std::array<char, 16> buffer{};
  EXPECT_EQ(::read(reader, buffer.data(), buffer.size()), 5);

  // Far more than a pipe holds: the write waits until another thread tells it to stop.
  const std::string flood(std::size_t{8} << 20U, 'x');
  std::thread writer([&] { EXPECT_FALSE((*output)->write(flood, give_up_)); });
  give_up_ = true;
  writer.join();
  ::close(reader);
}
#endif

}  // namespace
}  // namespace host::log
